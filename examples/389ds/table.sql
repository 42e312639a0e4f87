CREATE TABLE users (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  external_id CHAR(36) NOT NULL,
  username VARCHAR(64) NOT NULL,
  email VARCHAR(255),
  display_name VARCHAR(255),
  phones VARCHAR(400),
  manager VARCHAR(64),
  state VARCHAR(20) NOT NULL,
  UNIQUE KEY by_external_id (external_id),
  UNIQUE KEY by_username (username)
) DEFAULT CHARSET utf8mb4;
