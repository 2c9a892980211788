/** Tests the drafts of a user: text, mode and files stay together until they are sent. */
import { expect, it } from 'vitest';
import { createDraftStore } from '../../../console/src/writing/draft-store.ts';
import { createDrafts } from '../../../console/src/writing/drafts.ts';
import type { Attachment } from '../../../src/client/index.ts';

/** A browser's storage: its entries are its own properties, too. */
function browserStorage(isFull = false): Storage {
  const methods = {
    getItem: (key: string) => (storage[key] as string | undefined) ?? null,
    setItem(key: string, value: string) {
      if (isFull) throw new DOMException('full', 'QuotaExceededError');
      storage[key] = value;
    },
    removeItem: (key: string) => void delete storage[key],
  };
  const storage: Record<string, unknown> = Object.create(methods);
  return storage as unknown as Storage;
}

interface Running {
  readonly ticketId: string;
  readonly file: File;
  readonly signal: AbortSignal;
  done(attachment: Attachment): void;
  fail(error: unknown): void;
}

function page(storage: Storage, userId = '4') {
  const uploads: Running[] = [];
  const drafts = createDrafts({
    store: createDraftStore(storage, userId),
    largestFile: 10,
    upload(ticketId, file, { signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<Attachment>();
      uploads.push({ ticketId, file, signal, done: resolve, fail: reject });
      return promise;
    },
    previewOf: () => undefined,
    forgetPreview: () => undefined,
  });
  return { ...drafts, uploads };
}

const attachment = (id: string): Attachment => ({ id, name: id, size: 3, mimeType: 'image/png', url: `/${id}` });
const file = (name: string, size = 3) => new File(['x'.repeat(size)], name);
const settled = () => new Promise((resolve) => setImmediate(resolve));

it('keeps a note a note while another ticket is shown, over a reload, and when it is sent', () => {
  const storage = browserStorage();
  const first = page(storage);
  first.of('t1').chooseMode(true);
  first.of('t1').write('They paid twice');
  first.of('t2').write('Hello');
  expect(first.of('t1').state).toMatchObject({ text: 'They paid twice', isNote: true });
  expect(first.of('t2').state).toMatchObject({ text: 'Hello', isNote: false });
  const reloaded = page(storage).of('t1');
  expect(reloaded.take()).toEqual({ message: 'They paid twice', internal: true });
  expect(reloaded.state).toMatchObject({ text: '', isNote: true, files: [] });
});

it('keeps the mode that was chosen before anything is written', () => {
  const storage = browserStorage();
  page(storage).of('t1').chooseMode(true);
  expect(page(storage).of('t1').state.isNote).toBe(true);
});

it('keeps uploaded files over a reload, and names the files whose upload the reload ended', async () => {
  const storage = browserStorage();
  const { of, uploads } = page(storage);
  of('t1').attach([file('a'), file('b'), file('large', 11)]);
  expect(uploads).toHaveLength(2);
  uploads[0]?.done(attachment('a'));
  await settled();
  const { state } = page(storage).of('t1');
  expect(state.files.map(({ name, attachment, failure }) => [name, attachment?.id, failure?.reason])).toEqual([
    ['a', 'a', undefined],
    ['b', undefined, 'interrupted'],
    ['large', undefined, 'interrupted'],
  ]);
});

it('finishes an upload while another ticket is shown', async () => {
  const { of, uploads } = page(browserStorage());
  of('t1').attach([file('a')]);
  of('t2').write('Meanwhile');
  uploads[0]?.done(attachment('a'));
  await settled();
  expect(of('t1').take()).toEqual({ message: '', attachments: [attachment('a')], messageType: 'IMAGE' });
});

it('shows why an upload failed, and tries it again', async () => {
  const { of, uploads } = page(browserStorage());
  of('t1').attach([file('a')]);
  uploads[0]?.fail(new Error('No'));
  await settled();
  const [failed] = of('t1').state.files;
  expect(failed?.failure).toMatchObject({ reason: 'refused' });
  of('t1').retry(failed?.key ?? 0);
  expect(of('t1').state.files[0]?.failure).toBeUndefined();
  expect(uploads).toHaveLength(2);
});

it('ends the upload of a file that is removed', () => {
  const { of, uploads } = page(browserStorage());
  of('t1').attach([file('a')]);
  of('t1').remove(of('t1').state.files[0]?.key ?? 0);
  expect(uploads[0]?.signal.aborted).toBe(true);
  expect(of('t1').state.files).toEqual([]);
});

it('keeps the drafts of two users of one browser apart, also when one id is the start of the other', () => {
  const storage = browserStorage();
  page(storage, '4').of('t1').write('Mine');
  page(storage, '4:t1').of('t1').write('Also mine');
  expect(page(storage, '5').of('t1').state.text).toBe('');
  createDraftStore(storage, '4').clear();
  expect(page(storage, '4').of('t1').state.text).toBe('');
  expect(page(storage, '4:t1').of('t1').state.text).toBe('Also mine');
});

it('takes over what another page wrote or sent', () => {
  const storage = browserStorage();
  const [first, second] = [page(storage), page(storage)];
  second.of('t1');
  first.of('t1').write('Once');
  second.changedElsewhere('t1');
  expect(second.of('t1').state.text).toBe('Once');
  first.of('t1').take();
  second.changedElsewhere('t1');
  expect(second.of('t1').state.text).toBe('');
});

it('says that a draft is not kept when the storage is full', () => {
  const { of } = page(browserStorage(true));
  of('t1').write('x');
  expect(of('t1').state).toMatchObject({ text: 'x', isKept: false });
});

it.each(['{', 'null', '{"text":"x"}', '{"text":"x","isNote":"yes","attachments":[],"unfinished":[]}'])(
  'does not use a stored draft that is not whole: %s',
  (stored) => {
    const storage = browserStorage();
    storage.setItem('deskwire:draft:4:t1', stored);
    expect(page(storage).of('t1').state).toMatchObject({ text: '', isNote: false });
  },
);

it('counts the drafts that a sign-out would remove, those of other pages included, and not a mode alone', () => {
  const storage = browserStorage();
  const [first, second] = [page(storage), page(storage)];
  expect(first.unsent()).toBe(0);
  first.of('t1').write('Mine');
  second.of('t2').attach([file('a.png')]);
  second.of('t3').chooseMode(true);
  page(storage, '5').of('t4').write('Somebody else’s');
  expect([first.unsent(), second.unsent()]).toEqual([2, 2]);
  first.of('t1').take();
  second.of('t2').discard();
  expect([first.unsent(), second.unsent()]).toEqual([0, 0]);
  const full = page(browserStorage(true));
  full.of('t1').write('Not kept');
  expect(full.unsent()).toBe(1);
});
