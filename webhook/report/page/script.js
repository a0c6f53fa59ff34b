"use strict";
// Search and sorting. Everything is readable without them, so what they need is shown only here.
{
  const table = document.getElementById("matrix");
  const body = table.tBodies[0];
  const search = document.getElementById("search");
  const onlyStuck = document.getElementById("only-stuck");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const rows = Array.from(body.rows, (row) => ({ row, text: row.textContent.toLowerCase(), stuck: row.classList.contains("stuck") }));
  const sections = new Map(Array.from(document.querySelectorAll("article.vm"), (article) => [article.id, article]));
  const ofRow = rows.map(({ row }) => sections.get(decodeURIComponent(row.cells[0].firstElementChild.hash.slice(1))));

  const narrow = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach(({ row, text, stuck }, index) => {
      const fits = (stuck || !onlyStuck.checked) && words.every((word) => text.includes(word));
      row.hidden = !fits;
      if (ofRow[index]) ofRow[index].hidden = !fits;
      shown += fits;
    });
    count.textContent = `${shown} of ${rows.length} VMs`;
    nothing.hidden = shown > 0;
  };

  const sort = (header, column) => {
    const descending = header.getAttribute("aria-sort") === "ascending";
    for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", descending ? "descending" : "ascending");
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    const keyed = Array.from(body.rows, (row) => [row.cells[column].textContent, row]);
    keyed.sort((a, b) => (descending ? -1 : 1) * compare(a[0], b[0]));
    body.append(...keyed.map(([, row]) => row));
  };

  Array.from(table.tHead.rows[0].cells).forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(header, column));
    header.replaceChildren(button);
  });

  // What is out of sight has an estimated height until it is laid out: a jump is repeated until it stays.
  const land = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    let last = NaN;
    let left = 60;
    const jump = () => {
      target.scrollIntoView();
      const top = Math.round(target.getBoundingClientRect().top);
      left -= 1;
      if (top !== last && left > 0) requestAnimationFrame(jump);
      last = top;
    };
    if (target) jump();
  };
  addEventListener("hashchange", land);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.hash === location.hash) land();
  });

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(narrow, 120);
  });
  onlyStuck.addEventListener("change", narrow);
  const tools = document.querySelector(".tools");
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  narrow();
  land();
}
