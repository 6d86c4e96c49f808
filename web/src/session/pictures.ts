/** How pictures are sent: no more than is looked at. */

/** A face in it fills a tile for people, and for the server, which looks ten times a second, 48 pixels. */
export const CAMERA = { maxBitrate: 400_000, maxFramerate: 15 };
/** A call's window, in which faces are small. */
export const SHARE = { maxBitrate: 1_500_000, maxFramerate: 15 };
