"use strict";
(function () {
  var root = document.documentElement;
  root.classList.add("js");
  function all(sel, from) { return Array.prototype.slice.call((from || document).querySelectorAll(sel)); }
  // A click on a shared row marks both of its sides and brings the other one into view.
  all(".cols.both").forEach(function (row) {
    row.addEventListener("click", function (e) {
      if (e.target.closest("a") || String(window.getSelection())) return;
      all(".cols.on").forEach(function (r) { if (r !== row) r.classList.remove("on"); });
      row.classList.toggle("on");
      var other = e.target.closest(".cell.a") ? row.querySelector(".cell.b") : row.querySelector(".cell.a");
      other.scrollIntoView({ block: "nearest", inline: "nearest" });
    });
  });
  // Steps of a sweep under a slider.
  all("input.slider").forEach(function (slider) {
    var rows = all("tbody tr", document.getElementById(slider.dataset.table));
    var line = document.getElementById(slider.dataset.line);
    function show() {
      rows.forEach(function (r, i) { r.classList.toggle("on", i === Number(slider.value)); });
      var row = rows[slider.value];
      if (!row) return;
      slider.setAttribute("aria-valuetext", row.textContent.replace(/\s+/g, " ").trim());
      if (line) { line.setAttribute("x1", row.dataset.x); line.setAttribute("x2", row.dataset.x); }
    }
    slider.addEventListener("input", show);
    show();
  });
  // Keys: answers have theirs in data-key; n and p go through the rows of a list.
  var at = -1;
  document.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || /^(TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.tagName === "INPUT" && e.target.type !== "radio") return;
    // In a row with choices a letter makes one, and goes on to the next row.
    var asked = e.target.closest(".asked");
    var choice = asked && asked.querySelector('[data-mark="' + e.code + '"]');
    if (choice) {
      e.preventDefault();
      choice.checked = true;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
      go(1, asked);
      return;
    }
    var button = all("[data-key]").filter(function (b) { return b.dataset.key.split(" ").indexOf(e.code) >= 0; })[0];
    if (button) {
      e.preventDefault();
      if (!button.disabled) button.click();
      return;
    }
    if (e.code === "KeyN" || e.code === "KeyP") {
      if (go(e.code === "KeyN" ? 1 : -1, asked)) e.preventDefault();
    }
  });
  // Focus on the row after or before: its choice, or else its link. Hidden rows are passed over.
  function go(step, from) {
    var stops = all(".asked input:checked, .row .head a, .row .ref > a, .row .go").filter(function (x) { return x.offsetParent; });
    if (!stops.length) return false;
    stops.forEach(function (x, i) { if (from && x.closest(".asked") === from) at = i; });
    at = Math.max(0, Math.min(stops.length - 1, at + step));
    stops[at].focus();
    stops[at].scrollIntoView({ block: "nearest" });
    return true;
  }
  // A cluster: the texts of another one are marked by themselves only if some of them belong, and the
  // button says what it will do.
  all("#cluster").forEach(function (form) {
    var button = document.getElementById("marked");
    var plain = button.firstChild.data;
    function show() {
      all(".other", form).forEach(function (o) {
        var group = o.querySelector(".group input:checked");
        o.classList.toggle("some", !!group && group.value === "some");
      });
      var split = all(".asked input:checked", form).some(function (x) { return x.dataset.mark === "KeyX" && x.offsetParent && !x.closest(".other"); });
      button.firstChild.data = split ? button.dataset.split : plain;
    }
    form.addEventListener("change", show);
    show();
  });
  // One answer a page: a second click while the first is under way is none.
  all("form").forEach(function (f) {
    f.addEventListener("submit", function (e) {
      if (root.classList.contains("sent")) { e.preventDefault(); return; }
      root.classList.add("sent");
    });
  });
  window.addEventListener("pageshow", function () { root.classList.remove("sent"); });
})();
