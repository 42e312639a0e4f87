import { basename, isAbsolute } from "node:path";
import { shellWord } from "../../source/ldapsearch.ts";
import type { Emitted, Job } from "./emit.ts";
import { fiveFields } from "./five-fields.ts";

const folder = "/etc/idm-ldap-sync";

/** A CronJob (batch/v1). JSON texts are YAML texts. */
export function kubernetes(job: Job): Emitted {
  const { schedule, timezone } = job;
  if (schedule === "reboot") return { refused: ["Kubernetes has no @reboot; write a time"] };
  const when = fiveFields(schedule, "Kubernetes");
  if ("refused" in when) return when;
  const name = objectName(job.name);
  const file = basename(job.config);
  return {
    text: [
      ...preparation(job, name, file),
      "apiVersion: batch/v1",
      "kind: CronJob",
      "metadata:",
      `  name: ${name}`,
      "spec:",
      `  schedule: ${JSON.stringify(when.text)} # ${job.description}`,
      `  timeZone: ${JSON.stringify(timezone)}`,
      "  concurrencyPolicy: Forbid",
      "  startingDeadlineSeconds: 600",
      "  successfulJobsHistoryLimit: 3",
      "  failedJobsHistoryLimit: 5",
      "  jobTemplate:",
      "    spec:",
      "      backoffLimit: 0",
      "      template:",
      "        spec:",
      ...indented(pod(job, name, file), 10),
      "",
    ].join("\n"),
  };
}

/** RFC 1123 label; a CronJob's is at most 52 characters long, for its jobs add eleven. */
const objectName = (name: string): string =>
  `idm-ldap-sync-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`.slice(0, 52).replace(/-+$/, "");

const indented = (lines: readonly string[], by: number): string[] => lines.map((line) => " ".repeat(by) + line);

const mounted = ({ secretFiles }: Job): readonly string[] =>
  secretFiles.filter((file) => !isAbsolute(file) && !file.startsWith(".."));

/** A key of a ConfigMap or Secret. */
const keyOf = (file: string): string => file.replace(/[^\w.-]+/g, "-");

function preparation(job: Job, name: string, file: string): string[] {
  const { variables, secretFiles, config } = job;
  const here = mounted(job);
  const elsewhere = secretFiles.filter((each) => !here.includes(each));
  const literals = [
    ...variables.map((variable) => `--from-literal=${variable}=…`),
    ...here.map((each) => `--from-file=${keyOf(each)}=${shellWord(each)}`),
  ];
  return [
    `# Before: kubectl create configmap ${name} --from-file=${shellWord(`${file}=${config}`)}`,
    ...(literals.length === 0 ? [] : [`#         kubectl create secret generic ${name} ${literals.join(" ")}`]),
    ...elsewhere.map((each) => `# The configuration reads ${each}: mount it there from a Secret of your own.`),
    "# Put the image that you have built of the program where it says image.",
  ];
}

function pod(job: Job, name: string, file: string): string[] {
  const { variables, version } = job;
  return [
    "restartPolicy: Never",
    "automountServiceAccountToken: false",
    "securityContext:",
    "  runAsNonRoot: true",
    "  runAsUser: 65532",
    "  runAsGroup: 65532",
    "  fsGroup: 65532",
    "  seccompProfile: { type: RuntimeDefault }",
    "containers:",
    "  - name: sync",
    `    image: ${JSON.stringify(`registry.example.com/idm-ldap-sync:${version}`)}`,
    `    command: ["idm-ldap-sync", "sync", "--quiet", "--config", ${JSON.stringify(`${folder}/${file}`)}]`,
    "    env:",
    "      # Nothing is kept in a pod; the configuration can keep the history in the database.",
    "      - { name: XDG_STATE_HOME, value: /tmp }",
    ...variables.flatMap((variable) => reference(variable, name)),
    "    securityContext:",
    "      allowPrivilegeEscalation: false",
    "      readOnlyRootFilesystem: true",
    '      capabilities: { drop: ["ALL"] }',
    "    volumeMounts:",
    `      - { name: config, mountPath: ${folder}, readOnly: true }`,
    "      - { name: tmp, mountPath: /tmp }",
    "volumes:",
    "  - name: config",
    "    projected:",
    "      defaultMode: 0440",
    "      sources:",
    `        - configMap: { name: ${name}, items: [{ key: ${JSON.stringify(file)}, path: ${JSON.stringify(file)} }] }`,
    ...mounted(job).map(
      (each) =>
        `        - secret: { name: ${name}, items: [{ key: ${JSON.stringify(keyOf(each))}, path: ${JSON.stringify(each)} }] }`,
    ),
    "  - name: tmp",
    "    emptyDir: {}",
  ];
}

const reference = (variable: string, name: string): string[] => [
  `      - name: ${JSON.stringify(variable)}`,
  `        valueFrom: { secretKeyRef: { name: ${name}, key: ${JSON.stringify(variable)} } }`,
];
