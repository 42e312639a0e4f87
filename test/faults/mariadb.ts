import type { Side } from "./cell.ts";
import { locks } from "./mariadb-locks.ts";
import { network } from "./mariadb-network.ts";
import { server } from "./mariadb-server.ts";

/** MariaDB as the target fails. */
export const mariadb = { ...network, ...server, ...locks } satisfies Side;
