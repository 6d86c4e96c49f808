import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { Live } from "./live.svelte";
import { identifier, newConversation } from "./names";

/** `?conversation=NAME` (made up and put into the address if missing), `&watch=1` to watch at once, `&transport=socket`. */
const address = new URL(location.href);
const conversation = identifier(address.searchParams.get("conversation") ?? "") || newConversation();
if (address.searchParams.get("conversation") !== conversation) {
  address.searchParams.set("conversation", conversation);
  history.replaceState(null, "", address);
}

const live = new Live(conversation, address.searchParams.get("transport") === "socket");
addEventListener("pagehide", () => live.leave());
void live.refreshDevices();
if (address.searchParams.get("watch") === "1") live.watch();

const target = document.getElementById("page");
if (target) mount(App, { target, props: { live } });
