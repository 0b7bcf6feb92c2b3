import { deflateSync } from 'node:zlib';
import { proto } from '@whiskeysockets/baileys';
import { Device, type DeviceKeys } from './device.js';
import type { MediaFields } from './media.js';
import { Peer, type SendOptions, type Sent } from './peer.js';

/** The phone of an account: it links devices, and what is written on it reaches them as well. */
export class Phone extends Peer {
  readonly devices: Device[] = [];
  /** Signs the identities of linked devices. */
  get accountKey() {
    return this.signal.identity;
  }

  /** Logins are refused with 403. */
  banned = false;

  deviceOf(id: number | null | undefined): Device | undefined {
    return this.devices.find((device) => device.id === id && !device.removed);
  }

  link(keys: DeviceKeys): Device {
    const device = new Device(this, this.devices.length + 1, keys);
    this.devices.push(device);
    return device;
  }

  /** Writes to somebody, or into a group, on the phone itself; the device gets a copy. */
  async write(
    device: Device,
    to: { readonly jid: string; readonly lidJid?: string },
    message: proto.IMessage,
    options: SendOptions = {},
  ): Promise<Sent> {
    const lid = options.address === 'lid' && to.lidJid !== undefined;
    const forms = {
      from: lid ? this.lidJid : this.jid,
      recipient: lid ? to.lidJid : to.jid,
      addressing_mode: options.address ?? 'pn',
      ...(lid ? { recipient_pn: to.jid, peer_recipient_pn: to.jid } : {}),
      ...(!lid && to.lidJid ? { recipient_lid: to.lidJid, peer_recipient_lid: to.lidJid } : {}),
    };
    const copy = { deviceSentMessage: { destinationJid: forms.recipient ?? to.jid, message } };
    return this.post(device, copy, forms, options);
  }

  /** Sends what only devices of the account get: history, keys, answers to requests. */
  async tellDevice(device: Device, protocolMessage: proto.Message.IProtocolMessage): Promise<Sent> {
    const attributes = { category: 'peer', push_priority: 'high' };
    return this.post(device, { protocolMessage }, { from: this.jid }, { attributes });
  }

  /**
   * Answers a request of a client for messages that it got no content of.
   *
   * @param requestId id of the message by which the client asked
   */
  async resend(device: Device, requestId: string, messages: readonly proto.IWebMessageInfo[]): Promise<Sent> {
    const { Type } = proto.Message.ProtocolMessage;
    return this.tellDevice(device, {
      type: Type.PEER_DATA_OPERATION_REQUEST_RESPONSE_MESSAGE,
      peerDataOperationRequestResponseMessage: {
        stanzaId: requestId,
        peerDataOperationRequestType: proto.Message.PeerDataOperationRequestType.PLACEHOLDER_MESSAGE_RESEND,
        peerDataOperationResult: messages.map((message) => ({
          placeholderMessageResendResponse: {
            webMessageInfoBytes: proto.WebMessageInfo.encode(message as proto.WebMessageInfo).finish(),
          },
        })),
      },
    });
  }

  /** Sends a part of the history as a file, as the large parts come; `keep` stores it on the media host. */
  async sendHistoryFile(
    device: Device,
    history: proto.IHistorySync,
    keep: (bytes: Uint8Array) => MediaFields,
    progress = 100,
  ): Promise<Sent> {
    const { url: _, ...fields } = keep(deflateSync(encodeHistory(history)));
    return this.notifyOfHistory(device, history, progress, fields);
  }

  /** Sends a part of the history within the message itself, as the first parts come. */
  async sendHistory(device: Device, history: proto.IHistorySync, progress = 100): Promise<Sent> {
    const initialHistBootstrapInlinePayload = deflateSync(encodeHistory(history));
    return this.notifyOfHistory(device, history, progress, { initialHistBootstrapInlinePayload });
  }

  private notifyOfHistory(
    device: Device,
    { syncType, chunkOrder }: proto.IHistorySync,
    progress: number,
    content: proto.Message.IHistorySyncNotification,
  ): Promise<Sent> {
    return this.tellDevice(device, {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        // Two enumerations of the same numbers.
        syncType: syncType as unknown as proto.Message.HistorySyncType,
        chunkOrder: chunkOrder ?? 1,
        progress,
        ...content,
      },
    });
  }
}

function encodeHistory(history: proto.IHistorySync): Uint8Array {
  return proto.HistorySync.encode(history as proto.HistorySync).finish();
}
