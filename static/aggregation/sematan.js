// <script src="…/sematan.js" data-wilayah="pemilu/pemilihan/wilayah"></script> shows the numbers of a region there.
const script = document.currentScript, { origin } = new URL(script.src), frame = document.createElement("iframe");
frame.src = `${origin}/sematan/${script.dataset.wilayah}/`;
frame.title = script.dataset.judul || "Pemantau";
frame.loading = "lazy";
Object.assign(frame, { width: "100%", height: 560, frameBorder: "0" });
addEventListener("message", ({ source, origin: from, data }) => {
  if (source === frame.contentWindow && from === origin && data?.pemantau > 0) frame.height = data.pemantau;
});
script.replaceWith(frame);
