/** The pictures of a stream, as JPEG for the socket. */

export type TakePicture = (seconds: number, jpeg: ArrayBuffer) => void;

const PER_SECOND = 10;
const MAX_WIDTH = 1280;
const QUALITY = 0.8;

/** Gives ten pictures a second, at most 1280 wide, until the returned function is called. */
export function capturePictures(stream: MediaStream, now: () => number, take: TakePicture): () => void {
  const video = document.createElement("video");
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { alpha: false });
  video.muted = true;
  video.srcObject = new MediaStream(stream.getVideoTracks());
  void video.play().catch(() => undefined);
  let encoding = false;

  const shoot = (): void => {
    // One at a time: a slow machine sends fewer pictures, not later ones.
    if (encoding || !context || video.videoWidth === 0) return;
    const scale = Math.min(1, MAX_WIDTH / video.videoWidth);
    canvas.width = Math.round(video.videoWidth * scale);
    canvas.height = Math.round(video.videoHeight * scale);
    const seconds = now();
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    encoding = true;
    canvas.toBlob((blob) => void deliver(blob, seconds), "image/jpeg", QUALITY);
  };
  const deliver = async (blob: Blob | null, seconds: number): Promise<void> => {
    if (blob) take(seconds, await blob.arrayBuffer());
    encoding = false;
  };

  const timer = setInterval(shoot, 1000 / PER_SECOND);
  return () => {
    clearInterval(timer);
    take = () => undefined;
    video.srcObject = null;
  };
}
