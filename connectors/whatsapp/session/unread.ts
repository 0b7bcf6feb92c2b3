export const unreadGroup = 'unread';

/** Kept while a message could not be read, so that what closes its gap is known when it comes. */
export const unreadName = (chat: string, id: string) => `${unreadGroup}/${chat}/${id}`;
