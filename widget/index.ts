/**
 * `<deskwire-chat>`: a requester's chat and bell in any page, by one script tag.
 *
 *   <script src="https://desk.example.com/widget.js" async></script>
 *   <deskwire-chat token="…"></deskwire-chat>
 *
 * `docs/client.md` tells its attributes, properties and events.
 */
import { defineChat } from './element.ts';

const { currentScript } = document;
const served = currentScript instanceof HTMLScriptElement ? currentScript.src : '';
// The server that the script comes from, unless the element names another one.
defineChat(served === '' ? location.origin : new URL('.', served).href);
