/** The parts of an AsyncAPI 3 document that Deskwire reads. The gateway makes the document, and the API serves it. */
export interface AsyncApiDocument {
  readonly asyncapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly defaultContentType: string;
  readonly channels: Readonly<Record<string, AsyncApiChannel>>;
  readonly operations: Readonly<Record<string, AsyncApiOperation>>;
  readonly components: object;
}

export interface AsyncApiChannel {
  readonly address: string;
  readonly title: string;
  readonly description: string;
  readonly messages: Readonly<Record<string, AsyncApiMessage>>;
}

export interface AsyncApiMessage {
  readonly name: string;
  readonly title: string;
  /** JSON Schema. */
  readonly payload: unknown;
}

export interface AsyncApiOperation {
  /** The server's side: it receives requests and sends events. */
  readonly action: 'send' | 'receive';
  readonly channel: Reference;
  readonly messages: readonly Reference[];
  readonly reply?: { readonly channel: Reference; readonly messages: readonly Reference[] };
}

export interface Reference {
  readonly $ref: string;
}
