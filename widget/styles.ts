/**
 * The widget's styles. Pages adjust them with custom properties: `--deskwire-accent`, `--deskwire-font`,
 * `--deskwire-gap`.
 */

const LIGHT = `--bg:#fff;--fg:#1b1f24;--soft:#eef1f4;--line:#c9d1d9;--muted:#57606a;--bad:#b3261e;--on-accent:#fff;
  --accent:var(--deskwire-accent,#0b57d0)`;
const DARK = `--bg:#1b1f24;--fg:#eef1f4;--soft:#2d333b;--line:#444c56;--muted:#adbac7;--bad:#ff8a80;--on-accent:#0b1a33;
  --accent:var(--deskwire-accent,#8ab4f8)`;

export const STYLES = `
:host{${LIGHT};position:fixed;inset-block-end:var(--deskwire-gap,1rem);inset-inline-end:var(--deskwire-gap,1rem);
  z-index:2147483000;font:400 1rem/1.4 var(--deskwire-font,system-ui,sans-serif);color:var(--fg);color-scheme:light}
:host([theme=dark]){${DARK};color-scheme:dark}
@media (prefers-color-scheme:dark){:host(:not([theme=light])){${DARK};color-scheme:dark}}
:host([hidden]){display:none}
*{box-sizing:border-box}
[hidden]{display:none!important}
button,textarea{font:inherit;color:inherit}
button{cursor:pointer;border:0;border-radius:.5rem;background:none;padding:.5rem;min-block-size:2.5rem;min-inline-size:2.5rem}
button:hover{background:var(--soft)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
svg{inline-size:1.5rem;block-size:1.5rem;fill:currentColor;display:block}
.primary,.launcher{background:var(--accent);color:var(--on-accent)}
.primary:hover,.launcher:hover{background:var(--accent);filter:brightness(1.1)}
.launcher{inline-size:3.5rem;block-size:3.5rem;border-radius:50%;display:grid;place-items:center;position:relative;
  box-shadow:0 2px 10px #0005}
.badge{background:var(--bad);color:var(--bg);border-radius:1rem;padding:0 .4rem;font-size:.75rem;font-weight:700;
  min-inline-size:1.25rem;text-align:center}
.launcher .badge{position:absolute;inset-block-start:-.25rem;inset-inline-end:-.25rem}
.panel{position:absolute;inset-block-end:4.25rem;inset-inline-end:0;inline-size:23rem;block-size:min(36rem,calc(100vh - 7rem));
  display:flex;flex-direction:column;background:var(--bg);border:1px solid var(--line);border-radius:.75rem;overflow:hidden;
  box-shadow:0 8px 30px #0006}
header,footer{display:flex;align-items:center;gap:.25rem;padding:.5rem;border-block-end:1px solid var(--line)}
header h2{font-size:1.1rem;margin:0 .25rem;flex:1;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bell{display:flex;align-items:center;gap:.25rem}
.connection{font-size:.8rem;color:var(--muted);padding:.25rem .75rem;display:flex;gap:.5rem;align-items:center;margin:0}
.connection::before{content:"";inline-size:.6rem;block-size:.6rem;border-radius:50%;background:var(--muted)}
.connection[data-state=live]::before{background:#1a7f37}
.connection[data-state=offline]::before{background:var(--bad)}
.view{flex:1;min-block-size:0;display:flex;flex-direction:column}
.scroll{flex:1;overflow-y:auto;padding:.75rem;display:flex;flex-direction:column;gap:.5rem;margin:0;list-style:none}
.message{max-inline-size:85%;align-self:flex-start;background:var(--soft);border-radius:.75rem;padding:.5rem .75rem;
  overflow-wrap:anywhere;white-space:pre-wrap}
.message.own{align-self:flex-end;background:var(--accent);color:var(--on-accent)}
.message.system{align-self:center;background:none;color:var(--muted);font-size:.85rem;text-align:center}
.message.pending{opacity:.75}
.message.failed{background:none;color:var(--fg);border:2px solid var(--bad)}
.message p{margin:0;unicode-bidi:plaintext}
.who{font-size:.75rem;display:flex;gap:.5rem;flex-wrap:wrap}
.message a{color:inherit}
.message img{max-inline-size:100%;border-radius:.5rem;display:block;margin-block-start:.25rem}
.typing{min-block-size:1.4rem;margin:0;padding:0 .75rem;font-size:.85rem;color:var(--muted)}
.problem{margin:0;padding:.25rem .75rem;color:var(--bad);font-size:.85rem}
form{display:flex;gap:.5rem;padding:.5rem;border-block-start:1px solid var(--line);align-items:flex-end;flex-wrap:wrap}
textarea{flex:1;min-inline-size:8rem;resize:none;border:1px solid var(--line);border-radius:.5rem;padding:.5rem;background:var(--bg)}
.files{flex-basis:100%;display:flex;flex-wrap:wrap;gap:.25rem;list-style:none;margin:0;padding:0;font-size:.85rem}
.files li{display:flex;align-items:center;gap:.25rem;background:var(--soft);border-radius:.5rem;padding-inline:.5rem}
.row{inline-size:100%;text-align:start;display:flex;gap:.5rem;align-items:center;border:1px solid var(--line)}
.row>span:first-child{flex:1;overflow-wrap:anywhere}
.row small{display:block;color:var(--muted)}
.empty{color:var(--muted);text-align:center;flex:1}
@media (max-width:30rem){.panel{position:fixed;inset:0;inline-size:100%;block-size:100%;border:0;border-radius:0}
  .panel:not([hidden])+.launcher{display:none}}
@media (prefers-reduced-motion:no-preference){.panel{animation:come .15s ease-out}@keyframes come{from{opacity:0}}}
`;

export const ICONS = {
  chat: 'M4 3h16a2 2 0 0 1 2 2v11a2 2 0 0 1-2 2H9l-5 4v-4a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z',
  bell: 'M12 22a2.5 2.5 0 0 0 2.4-2H9.6a2.5 2.5 0 0 0 2.4 2zm7-6V11a7 7 0 0 0-5.5-6.8V3.500a1.500 1.500 0 0 0-3 0v.7A7 7 0 0 0 5 11v5l-2 2v1h18v-1z',
  close:
    'M6.400 5 5 6.400 10.600 12 5 17.600 6.400 19 12 13.400 17.600 19 19 17.600 13.400 12 19 6.400 17.600 5 12 10.600z',
  list: 'M4 5h16v2H4zm0 6h16v2H4zm0 6h16v2H4z',
  clip: 'M16.500 6v10.500a4.500 4.500 0 0 1-9 0V5a3 3 0 0 1 6 0v10.500a1.500 1.500 0 0 1-3 0V6H9v9.500a3 3 0 0 0 6 0V5a4.500 4.500 0 0 0-9 0v11.500a6 6 0 0 0 12 0V6z',
} as const;
