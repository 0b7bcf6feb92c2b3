import { createCipheriv, createDecipheriv, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { Curve } from '@whiskeysockets/baileys';
import { type BinaryNode, bytesOf, childOf, node, seconds, serverJid } from './nodes.js';

type KeyPair = ReturnType<typeof Curve.generateKeyPair>;

/** What the user reads from the client and types on the phone makes the key. */
function codeKey(code: string, salt: Uint8Array): Buffer {
  return pbkdf2Sync(code, salt, 131_072, 32, 'sha256');
}

/** The phone's side of linking by a code: `open` what the client said first, `greet` it, `finish`. */
export class CodePairing {
  private readonly ephemeral = Curve.generateKeyPair();
  private companionEphemeral: Buffer | undefined;
  readonly ref = randomBytes(16);
  /** The JID of the number that the client was told to link to. */
  readonly jid: string;
  private readonly wrapped: Buffer;

  /** @param request the client's `link_code_companion_reg` of the stage `companion_hello` */
  constructor(request: BinaryNode) {
    this.jid = request.attrs.jid ?? '';
    this.wrapped = bytesOf(childOf(request, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
  }

  /** What tells the client that somebody has typed the code. A wrong code shows only at the end. */
  greet(code: string, account: KeyPair): BinaryNode {
    const salted = codeKey(code, this.wrapped.subarray(0, 32));
    const opened = createDecipheriv('aes-256-ctr', salted, this.wrapped.subarray(32, 48));
    this.companionEphemeral = opened.update(this.wrapped.subarray(48));
    const [salt, iv] = [randomBytes(32), randomBytes(16)];
    const sealed = createCipheriv('aes-256-ctr', codeKey(code, salt), iv).update(this.ephemeral.public);
    const attributes = { from: serverJid, type: 'link_code_companion_reg', id: 'link-code', t: seconds() };
    return node('notification', attributes, [
      node('link_code_companion_reg', { stage: 'primary_hello' }, [
        node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, Buffer.concat([salt, iv, sealed])),
        node('primary_identity_pub', {}, account.public),
        node('link_code_pairing_ref', {}, this.ref),
      ]),
    ]);
  }

  /**
   * Takes the client's `companion_finish`, and gives the secret by which it recognises its identity.
   *
   * @throws when the code was wrong
   */
  finish(request: BinaryNode, account: KeyPair): Buffer {
    if (this.companionEphemeral === undefined) throw new Error('Nobody has typed the code yet.');
    const bundle = bytesOf(childOf(request, 'link_code_pairing_wrapped_key_bundle'));
    const shared = Curve.sharedKey(this.ephemeral.private, this.companionEphemeral);
    const info = 'link_code_pairing_key_bundle_encryption_key';
    const key = Buffer.from(hkdfSync('sha256', shared, bundle.subarray(0, 32), info, 32));
    const opened = createDecipheriv('aes-256-gcm', key, bundle.subarray(32, 44));
    opened.setAuthTag(bundle.subarray(-16));
    const plain = Buffer.concat([opened.update(bundle.subarray(44, -16)), opened.final()]);
    const [identity, random] = [plain.subarray(0, 32), plain.subarray(64)];
    const secret = Buffer.concat([shared, Curve.sharedKey(account.private, identity), random]);
    return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(32), 'adv_secret', 32));
  }
}
