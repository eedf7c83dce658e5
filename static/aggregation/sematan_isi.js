// In the embedded page: tells the page around how high it is. That says nothing about who reads it.
const tell = () => parent.postMessage({ pemantau: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
if (parent !== window) new ResizeObserver(tell).observe(document.documentElement);
