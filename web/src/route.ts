/** Which screen an address asks for. Every path is answered by the same page, which reads it. */

import { identifier } from "./names";

export type Route =
  | { readonly screen: "live"; readonly conversation: string; readonly watch: boolean; readonly socketOnly: boolean }
  | { readonly screen: "recordings" }
  | { readonly screen: "recording"; readonly id: string }
  | { readonly screen: "overlay"; readonly conversation: string; readonly options: URLSearchParams };

/**
 * `/` is live: `?conversation=NAME` ("" if it has none yet), `&watch=1` watches at once, `&transport=socket` leaves WebRTC out.
 * `/recordings` lists what is kept, `/recordings/{id}` opens one; `/overlay/{conversation}` is for a video mixer.
 */
export function readRoute({ pathname, searchParams }: URL): Route {
  const [first, second] = pathname.split("/").filter(Boolean).map(decodeURIComponent);
  if (first === "recordings") return second ? { screen: "recording", id: second } : { screen: "recordings" };
  if (first === "overlay" && second) return { screen: "overlay", conversation: second, options: searchParams };
  return {
    screen: "live",
    conversation: identifier(searchParams.get("conversation") ?? ""),
    watch: searchParams.get("watch") === "1",
    socketOnly: searchParams.get("transport") === "socket",
  };
}
