import { proto } from '@whiskeysockets/baileys';
import { expect } from 'vitest';
import type { Device, Group, Peer, WhatsAppServer } from '../server/index.js';

export const robinsNumber = '+14155550101';

/** Everybody and everything that the rows of the table need. */
export interface Stage {
  readonly server: WhatsAppServer;
  readonly device: Device;
  readonly robin: Peer;
  readonly cara: Peer;
  readonly group: Group;
}

/** Key of the event, and what its record must say. */
export type Expected = readonly [key: string, content: object];

/** What is sent over the wire, and what must be in the archive then. */
export type Act = (stage: Stage) => Promise<Expected[]> | Expected[];

export const message = (chat: { jid: string }, id: string) => `message/${chat.jid}/${id}`;
export const inbound = {
  kind: 'message',
  direction: 'inbound',
  from: { scheme: 'tel', value: robinsNumber },
};

/** Sends to the account in the chat with Robin. */
const said =
  (content: proto.IMessage, expected: object): Act =>
  async ({ device, robin }) => {
    const { id } = await robin.send(device, content);
    return [[message(robin, id), { ...inbound, ...expected }]];
  };

const file = ({ server }: Stage, kind: 'image' | 'video' | 'audio' | 'document' | 'sticker') =>
  server.media.put(Buffer.from('some bytes'), kind);

/** What is said in a message: each row sends one and names its record. */
export const contents: Readonly<Record<string, Act>> = {
  text: said({ conversation: 'Good morning' }, { text: 'Good morning' }),
  'text by LID': async ({ device, robin }) => {
    const { id } = await robin.send(device, { conversation: 'from behind an id' }, { address: 'lid' });
    return [
      [message(robin, id), { ...inbound, text: 'from behind an id' }],
      [`alias/${robin.lidJid}/${robin.jid}`, { kind: 'alias', address: { value: robinsNumber } }],
    ];
  },
  'own message from the phone': async ({ server, device, robin }) => {
    const { id } = await server.phone.write(device, robin, { conversation: 'On my way' });
    const to = [{ scheme: 'tel', value: robinsNumber }];
    return [[message(robin, id), { kind: 'message', direction: 'outbound', text: 'On my way', to }]];
  },
  image: async (stage) =>
    said(
      { imageMessage: { ...file(stage, 'image'), mimetype: 'image/jpeg', caption: 'Look' } },
      { text: 'Look', attachments: [{ contentType: 'image/jpeg', byteLength: 10 }] },
    )(stage),
  video: async (stage) =>
    said(
      { videoMessage: { ...file(stage, 'video'), mimetype: 'video/mp4', gifPlayback: true } },
      { attachments: [{ contentType: 'video/mp4' }], provider: { gifPlayback: 'true' } },
    )(stage),
  'audio file': async (stage) =>
    said(
      { audioMessage: { ...file(stage, 'audio'), mimetype: 'audio/mp4', seconds: 61 } },
      { attachments: [{ contentType: 'audio/mp4', durationSeconds: 61 }] },
    )(stage),
  'voice note': async (stage) =>
    said(
      { audioMessage: { ...file(stage, 'audio'), mimetype: 'audio/ogg', ptt: true, seconds: 3 } },
      { attachments: [{ contentType: 'audio/ogg', durationSeconds: 3 }], provider: { ptt: 'true' } },
    )(stage),
  document: async (stage) =>
    said(
      { documentMessage: { ...file(stage, 'document'), fileName: 'plan.pdf', mimetype: 'application/pdf' } },
      { attachments: [{ name: 'plan.pdf', contentType: 'application/pdf' }] },
    )(stage),
  'document with a caption': async (stage) =>
    said(
      {
        documentWithCaptionMessage: {
          message: {
            documentMessage: { ...file(stage, 'document'), fileName: 'terms.pdf', caption: 'Sign' },
          },
        },
      },
      { text: 'Sign', attachments: [{ name: 'terms.pdf' }] },
    )(stage),
  sticker: async (stage) =>
    said({ stickerMessage: file(stage, 'sticker') }, { attachments: [{ contentType: 'image/webp' }] })(stage),
  'view once': async (stage) =>
    said(
      { viewOnceMessageV2: { message: { imageMessage: { ...file(stage, 'image'), viewOnce: true } } } },
      { routing: { wrappers: 'viewOnceMessageV2' } },
    )(stage),
  location: said(
    { locationMessage: { degreesLatitude: 51.5, degreesLongitude: -0.12, name: 'Office' } },
    { text: 'Office\n51.5, -0.12' },
  ),
  'live location': said(
    { liveLocationMessage: { degreesLatitude: 51.5, degreesLongitude: -0.12, sequenceNumber: 1 } },
    { text: '51.5, -0.12' },
  ),
  contacts: said(
    {
      contactsArrayMessage: {
        displayName: 'Two',
        contacts: [{ displayName: 'Dan' }, { displayName: 'Eve' }],
      },
    },
    { text: expect.stringMatching(/Dan[\s\S]*Eve/) },
  ),
  contact: said(
    { contactMessage: { displayName: 'Dan', vcard: 'BEGIN:VCARD\nTEL:+12025550125\nEND:VCARD' } },
    { text: 'Dan\n+12025550125' },
  ),
  buttons: said(
    {
      buttonsMessage: {
        contentText: 'Pick',
        buttons: [{ buttonId: 'a', buttonText: { displayText: 'Yes' } }],
      },
    },
    { text: 'Pick\nYes' },
  ),
  'buttons pressed': said(
    { buttonsResponseMessage: { selectedButtonId: 'a', selectedDisplayText: 'Yes' } },
    { text: 'Yes' },
  ),
  list: said({ listMessage: { title: 'Funds', description: 'Choose one' } }, { text: 'Funds\nChoose one' }),
  'chosen from a list': said(
    { listResponseMessage: { title: 'Bonds', singleSelectReply: { selectedRowId: 'b' } } },
    { text: expect.stringContaining('Bonds') },
  ),
  'group invitation': said(
    { groupInviteMessage: { groupJid: '1203630@g.us', groupName: 'Deal', inviteCode: 'x' } },
    { text: 'Deal\n1203630@g.us' },
  ),
  disappearing: said(
    {
      ephemeralMessage: {
        message: { extendedTextMessage: { text: 'gone soon', contextInfo: { expiration: 60 } } },
      },
    },
    { text: 'gone soon', provider: { disappearsAfterSeconds: '60' } },
  ),
  forward: said(
    { extendedTextMessage: { text: 'read on', contextInfo: { isForwarded: true, forwardingScore: 1 } } },
    { forwardedFrom: 'unknown' },
  ),
  'disappearing messages turned on': async ({ device, robin }) => {
    const setting = {
      type: proto.Message.ProtocolMessage.Type.EPHEMERAL_SETTING,
      ephemeralExpiration: 86_400,
    };
    const { id } = await robin.send(device, { protocolMessage: setting });
    const text = 'Turned disappearing messages on: 86400 seconds';
    return [[`notice/${robin.jid}/${id}`, { ...inbound, text }]];
  },
};
