import type { Reply } from 'archway/sdk';

/** TwiML that does nothing: anything else Twilio would send to the client as an answer, or log as an error. */
export function replyToMessage(): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'text/xml; charset=utf-8' },
    body: '<?xml version="1.0" encoding="UTF-8"?><Response/>',
  };
}

export function replyToStatus(): Reply {
  return { status: 204, headers: {}, body: '' };
}
