// The phone's camera, live. Whoever starts it stops it: it eats the battery.
const SHUTTER_PATIENCE = 5_000; // ms; some phones' cameras never answer

/** Whether it makes sense to ask for the camera at all. */
export async function usable() {
  if (!navigator.mediaDevices?.getUserMedia) return false;
  const asked = navigator.permissions?.query({ name: "camera" });
  const permission = await asked?.catch(() => null); // not every browser can say
  return permission?.state !== "denied";
}

/**
 * Show the camera in `video`: { shoot, torch, stop }. `shoot()` gives a photo as a blob; `torch(on)` is null where there
 * is no lamp. Throws what getUserMedia throws: no permission, no camera, in use.
 */
export async function start(video) {
  const shutter = "ImageCapture" in self; // takes photos larger than the stream; without it the stream must be large
  const [width, height] = shutter ? [1920, 1440] : [4096, 3072];
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    // resizeMode: as the camera gives it; else the browser cuts off what does not have these proportions.
    video: {
      facingMode: { ideal: "environment" },
      width: { ideal: width },
      height: { ideal: height },
      resizeMode: { ideal: "none" },
    },
  });
  const [track] = stream.getVideoTracks();
  video.srcObject = stream;
  await video.play().catch(() => {}); // the dialog was closed meanwhile
  const lamp = track.getCapabilities?.().torch;
  return {
    shoot: async () => (shutter && (await photo(track))) || frame(video),
    torch: lamp ? (on) => track.applyConstraints({ advanced: [{ torch: on }] }) : null,
    stop() {
      track.stop();
      video.srcObject = null;
    },
  };
}

function photo(track) {
  const late = new Promise((resolve) => setTimeout(resolve, SHUTTER_PATIENCE, null));
  const taken = Promise.resolve()
    .then(() => new ImageCapture(track).takePhoto())
    .catch(() => null);
  return Promise.race([taken, late]);
}

function frame(video) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  canvas.getContext("2d", { alpha: false }).drawImage(video, 0, 0);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
}
