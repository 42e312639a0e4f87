import { galeraProvider } from "./install.ts";
import { type Mariadb, startMariadb } from "./mariadb.ts";
import { onFreePorts } from "./port.ts";

/** A Galera cluster of two MariaDB servers; what one has committed, the other one certifies and applies. */
export interface Galera {
  readonly nodes: readonly [Mariadb, Mariadb];
  stop(): Promise<void>;
}

/** Starts the first node as a cluster of its own, and the second one, which copies its data by rsync. */
export async function startGalera(): Promise<Galera> {
  return onFreePorts((one, other) =>
    onFreePorts(async (...incremental) => {
      const groups = [one, other];
      const first = await node(groups, 0, incremental[0], 0, ["--wsrep-new-cluster"]);
      try {
        const second = await onFreePorts((transfer) => node(groups, 1, incremental[1], transfer, []));
        return { nodes: [first, second], stop: async () => void (await Promise.all([first.stop(), second.stop()])) };
      } catch (error) {
        await first.stop();
        throw error;
      }
    }),
  );
}

/** `transfer`: the port on which it takes the copy. */
function node(
  groups: readonly number[],
  at: number,
  incremental: number,
  transfer: number,
  more: readonly string[],
): Promise<Mariadb> {
  const addresses = groups.map((port) => `127.0.0.1:${port}`);
  const provider = [
    `gmcast.listen_addr=tcp://${addresses[at]}`,
    `ist.recv_addr=127.0.0.1:${incremental}`,
    "gcache.size=32M",
    "pc.recovery=false",
  ];
  return startMariadb({
    args: [
      "--wsrep-on=ON",
      `--wsrep-provider=${galeraProvider}`,
      `--wsrep-cluster-address=gcomm://${addresses}`,
      `--wsrep-node-address=${addresses[at]}`,
      "--wsrep-sst-method=rsync",
      ...(transfer === 0 ? [] : [`--wsrep-sst-receive-address=127.0.0.1:${transfer}`]),
      `--wsrep-provider-options=${provider.join(";")}`,
      "--binlog-format=ROW",
      "--innodb-autoinc-lock-mode=2",
      ...more,
    ],
  });
}
