import { basename } from "node:path";
import type { Emitted, Job } from "./emit.ts";
import { onCalendar } from "./on-calendar.ts";

/** A service and its timer, each after a comment with the file that it belongs into. */
export function systemd(job: Job): Emitted {
  const { schedule, timezone } = job;
  if (schedule === "reboot")
    return {
      refused: [
        "a timer that elapses at the start of the system is OnBootSec=, not OnCalendar=; write a time, or take --emit crontab",
      ],
    };
  const calendar = onCalendar(schedule, timezone);
  if ("refused" in calendar) return calendar;
  const unit = `idm-ldap-sync-${job.name.replace(/[^\w.-]+/g, "-")}`;
  const folder = "/etc/systemd/system";
  return {
    text: [
      `# Install: put the two parts into the files named, then`,
      `# sudo systemctl daemon-reload && sudo systemctl enable --now ${unit}.timer`,
      `# --- ${folder}/${unit}.service`,
      ...service(job, unit),
      `# --- ${folder}/${unit}.timer`,
      ...timer(job, calendar.lines),
      "",
    ].join("\n"),
  };
}

/** `%` and `$` are expanded in a command line, and some characters part it (systemd.service(5), systemd.unit(5)). */
const argument = (text: string): string => {
  const safe = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@+:,./%$-]+$/.test(safe) ? safe : `"${safe.replace(/["\\]/g, "\\$&")}"`;
};

const path = (text: string): string => {
  const safe = text.replaceAll("%", "%%");
  return /[\s"\\]/.test(safe) ? `"${safe.replace(/["\\]/g, "\\$&")}"` : safe;
};

const isHome = (file: string): boolean => /^\/(home|root|run\/user)\//.test(file);

function service(job: Job, unit: string): string[] {
  const { name, node, program, config, variables, writable } = job;
  const command = [node, program, "sync", "--quiet", "--config", config].map(argument).join(" ");
  return [
    "[Unit]",
    `Description=idm-ldap-sync, ${name.replaceAll("%", "%%")}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "",
    "[Service]",
    "Type=oneshot",
    // A timer does not start a service that runs, and the program lets one run of a sync at a time.
    `ExecStart=${command}`,
    "# sudo useradd --system --no-create-home idm-ldap-sync; it must be able to read the configuration.",
    "User=idm-ldap-sync",
    ...secrets(variables, unit, config),
    "StateDirectory=idm-ldap-sync",
    "Environment=XDG_STATE_HOME=/var/lib",
    ...writable.map((folder) => `ReadWritePaths=${path(folder)}`),
    ...hardening([node, program, config, ...writable].some(isHome)),
    "",
  ];
}

function secrets(variables: readonly string[], unit: string, config: string): string[] {
  if (variables.length === 0) return [];
  const file = `/etc/idm-ldap-sync/${unit}.env`;
  return [
    `# ${basename(config)} reads ${variables.join(", ")} from the environment: NAME=value lines in this file, of root, mode 600.`,
    `EnvironmentFile=${file}`,
  ];
}

/** systemd.exec(5). MemoryDenyWriteExecute= is left out: V8 compiles at run time. */
const hardening = (atHome: boolean): string[] => [
  "UMask=0077",
  "NoNewPrivileges=true",
  "ProtectSystem=strict",
  `ProtectHome=${atHome ? "read-only" : "true"}`,
  "PrivateTmp=true",
  "PrivateDevices=true",
  "ProtectClock=true",
  "ProtectHostname=true",
  "ProtectKernelTunables=true",
  "ProtectKernelModules=true",
  "ProtectKernelLogs=true",
  "ProtectControlGroups=true",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
  "RestrictNamespaces=true",
  "RestrictRealtime=true",
  "RestrictSUIDSGID=true",
  "LockPersonality=true",
  "CapabilityBoundingSet=",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
];

const timer = ({ name, description }: Job, lines: readonly string[]): string[] => [
  "[Unit]",
  `Description=idm-ldap-sync, ${name.replaceAll("%", "%%")}: ${description}`,
  "",
  "[Timer]",
  ...lines.map((line) => `OnCalendar=${line}`),
  "AccuracySec=1s",
  "# A time at which the machine was off is made up for at the next start.",
  "Persistent=true",
  "",
  "[Install]",
  "WantedBy=timers.target",
];
