import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { newConversation } from "./names";
import { readRoute, type Route } from "./route";

const target = document.getElementById("page");
if (target) mount(App, { target, props: { route: named(readRoute(new URL(location.href))) } });

/** A live conversation without a name gets one, in the address too, so that its link can be shared. */
function named(route: Route): Route {
  if (route.screen !== "live" || route.conversation) return route;
  const address = new URL(location.href);
  const conversation = newConversation();
  address.searchParams.set("conversation", conversation);
  history.replaceState(null, "", address);
  return { ...route, conversation };
}
