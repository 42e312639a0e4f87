/**
 * Whether pages come round again. Each is compared with one before it, which is chosen anew after twice as many pages as
 * the last time, so that a circle of any length shows and nothing else is kept (Brent's algorithm).
 */
export function circleWatch(): (page: string) => boolean {
  let kept: string | undefined;
  let since = 0;
  let until = 1;
  return (page) => {
    if (page === kept) return true;
    since += 1;
    if (since === until) {
      kept = page;
      since = 0;
      until *= 2;
    }
    return false;
  };
}
