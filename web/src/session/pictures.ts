/** How pictures are sent: not many more than are looked at. */

/** A face in it fills a tile for people, and for the server, which looks ten times a second, 48 pixels. */
export const CAMERA = { maxBitrate: 400_000, maxFramerate: 15 };
/** A call's window, in which faces are small. */
export const SHARE = { maxBitrate: 1_500_000, maxFramerate: 15 };

/** Those sent do not come evenly spaced; of so many there is always one when the server looks. */
const SENT_FOR_ONE_LOOK = 1.5;

/** A server that falls behind looks at fewer pictures a second: the others would only be decoded there. */
export async function sendFor(looks: number, sender: RTCRtpSender): Promise<void> {
  const parameters = sender.getParameters();
  const maxFramerate = Math.min(CAMERA.maxFramerate, SENT_FOR_ONE_LOOK * looks);
  for (const encoding of parameters.encodings) encoding.maxFramerate = maxFramerate;
  await sender.setParameters(parameters);
}
