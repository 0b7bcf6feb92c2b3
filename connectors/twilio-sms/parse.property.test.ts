import { describeParser } from '../../providers/twilio/properties/testing.js';
import { parse } from './parse.js';
import { subject } from './testing.js';

const valid = { MessageSid: 'SM1', From: '+12025550123', To: '+12025550100' };

describeParser({
  parse,
  fixtures: subject.fixtures,
  endpoint: 'messages',
  fieldNames: [
    ...[
      'MessageSid',
      'SmsSid',
      'From',
      'To',
      'Body',
      'MessageStatus',
      'SmsStatus',
      'ErrorCode',
      'ErrorMessage',
    ],
    ...['NumMedia', 'MediaUrl0', 'MediaContentType0', 'MediaUrl1', 'OptOutType', 'ProfileName', 'FromCity'],
    ...['Latitude', 'Longitude', 'OriginalRepliedMessageSid', 'OtherRecipients0', 'NumSegments'],
  ],
  fieldValues: [
    ...['SM1', 'MM1', '+12025550123', 'whatsapp:+12025550100', 'rcs:brand', '20255'],
    ...['received', 'sent', 'delivered', 'STOP', 'START'],
  ],
  valid: [
    { ...valid, Body: 'hello' },
    { ...valid, MessageStatus: 'sent' },
  ],
});
