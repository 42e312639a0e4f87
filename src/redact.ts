/** Takes every secret out of a text, also where the text is JSON. Texts of fewer than three characters are no secrets and would tear words apart. */
export function redact(text: string, secrets: readonly string[]): string {
  return (
    secrets
      .filter((secret) => secret.length >= 3)
      .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
      // One that begins with another one must not leave its rest behind.
      .sort((a, b) => b.length - a.length)
      .reduce((safe, secret) => safe.replaceAll(secret, "***"), text)
  );
}
