"use strict";
// Search, filters and sorting. Everything is readable without them, so what they need is shown only here.
// The address keeps what is seen: #place?search=…&namespace=…, so that a reload and a colleague see the same.
{
  const table = document.getElementById("matrix");
  const body = table.tBodies[0];
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const controls = ["search", "namespace", "node", "restriction", "verdict"].map((id) => document.getElementById(id));
  const sections = new Map(Array.from(document.querySelectorAll("article.vm"), (article) => [article.id, article]));
  const rows = Array.from(body.rows, (row) => {
    const [name, , node, restrictions] = Array.from(row.cells, (cell) => cell.textContent);
    return {
      row,
      section: sections.get(decodeURIComponent(row.cells[0].firstElementChild.hash.slice(1))),
      text: row.textContent.toLowerCase(),
      namespace: name.split("/")[0],
      node,
      restriction: restrictions ? restrictions.split(", ") : [],
      verdict: row.classList.contains("stuck") ? "cannot" : "can",
    };
  });

  const fill = (id, values) => {
    const sorted = [...new Set(values)].sort(new Intl.Collator("en", { numeric: true }).compare);
    document.getElementById(id).append(...sorted.map((value) => new Option(value, value)));
  };
  fill("namespace", rows.map((each) => each.namespace));
  fill("node", rows.map((each) => each.node));
  fill("restriction", rows.flatMap((each) => each.restriction));

  const chosen = () => new URLSearchParams(controls.filter((each) => each.value).map((each) => [each.id, each.value]));

  const narrow = () => {
    const { search = "", ...filters } = Object.fromEntries(chosen());
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.entries(filters);
    let shown = 0;
    for (const each of rows) {
      const fits = words.every((word) => each.text.includes(word)) && wanted.every(([key, value]) => [].concat(each[key]).includes(value));
      each.row.hidden = !fits;
      each.section.hidden = !fits;
      shown += fits;
    }
    count.textContent = `${shown} of ${rows.length} VMs`;
    nothing.hidden = shown > 0;
  };

  const address = (anchor, filters) => `#${anchor}${filters.size ? `?${filters}` : ""}`;
  const here = () => {
    const [anchor, filters = ""] = location.hash.slice(1).split("?");
    return [anchor, new URLSearchParams(filters)];
  };

  // What is out of sight has an estimated height until it is laid out: a jump is repeated until it stays.
  const land = (anchor) => {
    for (const each of document.querySelectorAll("article.target")) each.classList.remove("target");
    const target = document.getElementById(decodeURIComponent(anchor));
    if (!target) return;
    if (target.hidden) {
      for (const each of controls) each.value = "";
      narrow();
      history.replaceState(null, "", address(anchor, chosen()));
    }
    const details = target.querySelector("details");
    if (details) details.open = true;
    target.classList.add("target");
    let last = NaN;
    let still = 0;
    let left = 120;
    const jump = () => {
      target.scrollIntoView();
      const top = Math.round(target.getBoundingClientRect().top);
      still = top === last ? still + 1 : 0;
      last = top;
      left -= 1;
      if (still < 3 && left > 0) requestAnimationFrame(jump);
    };
    jump();
  };

  const follow = () => {
    const [anchor, filters] = here();
    for (const each of controls) {
      each.value = filters.get(each.id) ?? "";
      // What isn't in this report can't be chosen.
      if (each.value !== (filters.get(each.id) ?? "")) each.value = "";
    }
    narrow();
    land(anchor);
  };
  const go = (anchor, filters) => {
    history.pushState(null, "", address(anchor, filters));
    follow();
  };
  addEventListener("popstate", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    const cell = event.target.closest("#matrix tbody td");
    if (!link && !cell) return;
    event.preventDefault();
    const found = link ?? cell.parentElement.cells[0].firstElementChild;
    go(found.hash.slice(1), link && link.dataset.filter ? new URLSearchParams(link.dataset.filter) : chosen());
  });

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

  let waiting = 0;
  const changed = () => {
    narrow();
    history.replaceState(null, "", address(here()[0], chosen()) || "#");
  };
  for (const each of controls) {
    each.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(changed, each.type === "search" ? 120 : 0);
    });
  }
  const tools = document.querySelector(".tools");
  tools.addEventListener("submit", (event) => event.preventDefault());
  tools.hidden = false;
  follow();
}
