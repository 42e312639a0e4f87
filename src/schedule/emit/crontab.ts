import { shellWord } from "../../source/ldapsearch.ts";
import type { Emitted, Job } from "./emit.ts";
import { fiveFields } from "./five-fields.ts";

/** A line for crontab -e, with what is to be known about it. */
export function crontab(job: Job): Emitted {
  const when = fieldsOf(job);
  if ("refused" in when) return when;
  const { description, name, variables, node, program, config } = job;
  // cron ends a command at %, in quotes too (crontab(5)).
  const command = [node, program, "sync", "--quiet", "--config", config]
    .map(shellWord)
    .join(" ")
    .replaceAll("%", "\\%");
  const lines = [
    `# idm-ldap-sync, ${name}: ${description}`,
    "# Put these lines into the crontab of a user who may read the configuration: crontab -e",
    ...zoneLines(job),
    "# flock is not needed: a run that finds another one of the same sync at work ends at once (exit code 5).",
    "# cron mails what is written to the user, or to MAILTO; with --quiet that is nothing unless something is wrong.",
    "# MAILTO=idm-admins@example.com",
    "# To append it to a file instead, put at the end of the line: >>/var/log/idm-ldap-sync.log 2>&1",
    ...variableLines(variables),
    `${when.text} ${command}`,
  ];
  return { text: `${lines.join("\n")}\n` };
}

function fieldsOf({ schedule, crontab: written }: Job): { text: string } | { refused: string[] } {
  if (schedule === "reboot") return { text: "@reboot" };
  return written === undefined ? fiveFields(schedule, "crontab") : { text: written };
}

function zoneLines({ schedule, timezone, systemTimezone }: Job): string[] {
  if (schedule === "reboot") return [];
  const here = timezone === systemTimezone ? `this one has ${timezone} too` : `this one has ${systemTimezone}`;
  return [
    `# The times are of ${timezone}. Debian's cron knows the system's time zone alone, and no CRON_TZ (${here}):`,
    `# sudo timedatectl set-timezone ${timezone} && sudo systemctl restart cron; or take --emit systemd.`,
  ];
}

const variableLines = (variables: readonly string[]): string[] =>
  variables.length === 0
    ? []
    : [
        `# The configuration reads ${variables.join(", ")} from the environment, and cron's is empty: set`,
        ...variables.map((variable) => `# ${variable}=…`),
        '# above the line, or keep each secret in a file of mode 600 and name it: { "file": "PATH" }.',
      ];
