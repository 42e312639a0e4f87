CREATE TABLE users (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  external_id CHAR(36) NOT NULL,
  username VARCHAR(64) NOT NULL,
  upn VARCHAR(255),
  email VARCHAR(255),
  display_name VARCHAR(255),
  manager VARCHAR(255),
  roles TEXT,
  expires_at DATETIME,
  directory_dn VARCHAR(1000),
  state VARCHAR(20) NOT NULL,
  UNIQUE KEY by_external_id (external_id),
  UNIQUE KEY by_username (username)
) DEFAULT CHARSET utf8mb4;
