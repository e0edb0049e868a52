/** So much of the picture has to be of a class for it to be there: a person of a sixteenth of its height takes that. */
export const LEAST_OF_PICTURE = 1 / 2000
/** What was seen stays seen down to this part of the share that it needed. */
export const STAYS = 0.5
