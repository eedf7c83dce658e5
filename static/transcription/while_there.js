// Listens to a page as long as this element is on it: a reader's form comes and goes without the page.
export function whileThere(element, target, type, handler) {
  target.addEventListener(type, function on(event) {
    if (element.isConnected) handler(event);
    else target.removeEventListener(type, on);
  });
}
