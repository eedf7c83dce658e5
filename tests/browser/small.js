// What one touches and is less than 48 px high. Links within a sentence are of another kind, and the breadcrumb
// is small on purpose.
() => {
  const touched =
    "button, .button, input:not([type=hidden], [type=radio], [type=checkbox]), select, summary, .links a, .nav a, label.choice";
  return [...document.querySelectorAll(touched)]
    .map((e) => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.width > 2 && box.height < 47.5)
    .map(([e, box]) => `${e.tagName} ${e.textContent.trim().slice(0, 30)}: ${box.height}`);
}
