/**
 * Where a sealed value belongs: the column and row that it is stored in, or the like outside the database (a spool
 * file has the table `spool`). Ids in it MUST be random or keyed, since error messages name the place.
 */
export interface Place {
  table: string;
  id: string;
  column: string;
}

/** How messages name a place: `messages.content of 0190…`. */
export function namePlace(place: Place): string {
  return `${place.table}.${place.column} of ${place.id}`;
}
