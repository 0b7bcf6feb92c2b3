import { deflateSync } from 'node:zlib';
import { Curve, proto } from '@whiskeysockets/baileys';
import { Device, type DeviceKeys } from './device.js';
import { Peer, type SendOptions, type Sent } from './peer.js';

/** The phone of an account: it links devices, and what is written on it reaches them as well. */
export class Phone extends Peer {
  readonly devices: Device[] = [];
  /** Signs the identities of linked devices. */
  readonly accountKey = Curve.generateKeyPair();
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

  /** Sends a part of the history within the message itself, as the first parts come. */
  async sendHistory(device: Device, history: proto.IHistorySync, progress = 100): Promise<Sent> {
    const encoded = proto.HistorySync.encode(history as proto.HistorySync).finish();
    return this.tellDevice(device, {
      type: proto.Message.ProtocolMessage.Type.HISTORY_SYNC_NOTIFICATION,
      historySyncNotification: {
        syncType: history.syncType as unknown as proto.Message.HistorySyncType,
        chunkOrder: history.chunkOrder ?? 1,
        progress,
        initialHistBootstrapInlinePayload: deflateSync(encoded),
      },
    });
  }
}
