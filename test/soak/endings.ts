/** The outcome that goes with an exit code (README, "Commands and options"). */
export const endings = {
  0: "succeeded",
  1: "failed",
  3: "partial",
  4: "refused",
  5: "locked",
  130: "interrupted",
  143: "interrupted",
} as const;
