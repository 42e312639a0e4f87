/** A list is shown a page at a time. */

const pageSize = 100;

function openPager(turn: (step: number) => void) {
  const where = element("span", { class: "where" });
  const previous = element("button", { type: "button" }, "Previous");
  const next = element("button", { type: "button" }, "Next");
  previous.addEventListener("click", () => turn(-1));
  next.addEventListener("click", () => turn(1));
  const node = element("nav", { class: "pager", "aria-label": "Pages" }, previous, where, next);
  return {
    node,
    show: (page: number, rows: number) => {
      const from = page * pageSize;
      const to = Math.min(from + pageSize, rows);
      node.hidden = rows <= pageSize;
      where.textContent = `${counted(from + 1)} to ${counted(to)} of ${counted(rows)}`;
      previous.disabled = page === 0;
      next.disabled = to === rows;
    },
  };
}
