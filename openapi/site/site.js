// The search. Its data are loaded when it is used, by a script element: a page that was opened from disk may fetch
// nothing.
"use strict";

(() => {
  const MOST = 12;
  const WEIGHTS = { title: 4, kind: 2, text: 1 };
  const SHORTEST_WITH_A_SLIP = 4;
  const FOR_A_SLIP = 0.4;
  const form = document.querySelector("form.search");
  const input = form.querySelector("input");
  const panel = form.querySelector(".results");
  const list = panel.querySelector("ol");
  const status = panel.querySelector("[role=status]");
  let found;

  const loaded = (address) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = address;
      script.addEventListener("load", resolve);
      script.addEventListener("error", () => reject(new Error(`${address} cannot be loaded.`)));
      document.head.append(script);
    });

  // as names are written and as people write them: page_size, PageSize, page size; AUTH-05, auth 5
  const wordsOf = (text) =>
    text
      .split(/[^\p{L}\p{N}]+/u)
      .flatMap((word) => [word, ...word.split(/(?<=[a-z])(?=[A-Z])/)])
      .filter(Boolean)
      .map((word) => word.toLowerCase());

  // One letter too many, too few, wrong, or two in each other's place.
  const isSlip = (one, other) => {
    let same = 0;
    while (same < one.length && one[same] === other[same]) same += 1;
    const rest = (skipped, skippedOther) => one.slice(same + skipped) === other.slice(same + skippedOther);
    const swapped = one[same] === other[same + 1] && one[same + 1] === other[same] && rest(2, 2);
    return rest(1, 0) || rest(0, 1) || rest(1, 1) || swapped;
  };

  const likeness = (asked, word) => {
    if (word.startsWith(asked)) return asked.length / word.length;
    return asked.length >= SHORTEST_WITH_A_SLIP && isSlip(asked, word) ? FOR_A_SLIP : 0;
  };

  const engine = async () => {
    await loaded(document.body.dataset.entries);
    const entries = window.chatBindings.entries.map(([url, kind, title, text]) => ({ url, kind, title, text }));
    const index = new Map(); // for each word the entries that have it, with the weight of where it stands
    for (const entry of entries) {
      for (const [field, weight] of Object.entries(WEIGHTS)) {
        for (const word of wordsOf(entry[field])) {
          if (!index.has(word)) index.set(word, new Map());
          const weights = index.get(word);
          weights.set(entry, Math.max(weight, weights.get(entry) ?? 0));
        }
      }
    }
    const scoresOf = (asked) => {
      const scores = new Map();
      for (const [word, weights] of index) {
        const like = likeness(asked, word);
        if (!like) continue;
        for (const [entry, weight] of weights) scores.set(entry, Math.max(like * weight, scores.get(entry) ?? 0));
      }
      return scores;
    };
    // an entry is found that has all of the words
    return (text) => {
      const all = wordsOf(text).map(scoresOf);
      const total = (entry) => all.reduce((sum, scores) => sum + scores.get(entry), 0);
      return [...(all[0]?.keys() ?? [])]
        .filter((entry) => all.every((scores) => scores.has(entry)))
        .map((entry) => [total(entry), entry])
        .sort(([one], [other]) => other - one)
        .map(([, entry]) => entry);
    };
  };

  const ready = () => (found ??= engine());

  const shown = ({ url, kind, title, text }) => {
    const link = document.createElement("a");
    link.href = url;
    const parts = [["kind", kind], ["title", title], ["text", text]];
    link.append(...parts.flatMap(([name, words]) => {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = words;
      return [span, " "];
    }));
    const item = document.createElement("li");
    item.append(link);
    return item;
  };

  const show = async () => {
    const asked = input.value.trim();
    const search = await ready();
    if (asked !== input.value.trim()) return;
    const all = search(asked);
    list.replaceChildren(...all.slice(0, MOST).map(shown));
    const more = all.length > MOST ? `, the best ${MOST} shown` : "";
    status.textContent = asked && (all.length ? `${all.length} found${more}` : "Nothing found");
    panel.hidden = !asked;
  };

  const move = (step) => {
    const stops = [input, ...list.querySelectorAll("a")];
    const next = stops[stops.indexOf(document.activeElement) + step];
    next?.focus();
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.click();
  });
  input.addEventListener("focus", ready);
  input.addEventListener("input", show);
  form.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      panel.hidden = true;
      input.focus();
    } else if (step && !panel.hidden) {
      event.preventDefault();
      move(step);
    }
  });
  form.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !form.contains(event.relatedTarget)) panel.hidden = true;
  });
  list.addEventListener("click", () => {
    panel.hidden = true;
  });
  document.addEventListener("click", (event) => {
    if (!form.contains(event.target)) panel.hidden = true;
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      input.focus();
    }
  });
})();
