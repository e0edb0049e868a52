/** Which rows of a long list are on the screen: only those are made. */

export interface Window {
  readonly first: number
  /** Behind the last. */
  readonly end: number
}

/** Some more on either side, so that a quick scroll shows no holes. */
const MORE = 8

export function rowsAt(count: number, rowHeight: number, scrollTop: number, height: number): Window {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - MORE)
  const end = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + MORE)
  return { first: Math.min(first, end), end }
}

/** Where to scroll to, so that a row is seen whole; what is seen already stays. */
export function scrollTo(row: number, rowHeight: number, scrollTop: number, height: number): number {
  const top = row * rowHeight
  if (top < scrollTop) return top
  return top + rowHeight > scrollTop + height ? top + rowHeight - height : scrollTop
}
