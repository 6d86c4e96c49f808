/** What one page sends: one sound and one picture at most. */

export type Kind = "audio" | "video";
export type Tracks = Readonly<Record<Kind, MediaStreamTrack | null>>;

export const NO_TRACKS: Tracks = { audio: null, video: null };
