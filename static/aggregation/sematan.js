// Puts the numbers of a region into a page: <script src="…/sematan.js" data-wilayah="pemilu/pemilihan/wilayah"></script>
const script = document.currentScript, { origin } = new URL(script.src), frame = document.createElement("iframe");
frame.src = `${origin}/sematan/${script.dataset.wilayah}/`;
frame.title = script.dataset.judul || "Pemantau";
frame.loading = "lazy";
Object.assign(frame.style, { width: "100%", height: "560px", border: "0" });
addEventListener("message", ({ source, origin: from, data }) => {
  if (source === frame.contentWindow && from === origin && data?.pemantau > 0) frame.style.height = `${data.pemantau}px`;
});
script.replaceWith(frame);
