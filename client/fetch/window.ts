/** Work on the items of a stream, at most `size` at a time, in their order of arrival. The first failure stops it. */
export async function inWindow<T>(
  items: AsyncIterable<T>,
  size: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  let failed = false
  const worker = async () => {
    while (!failed) {
      // An async generator queues its callers: workers may ask while another waits.
      const { value, done } = await iterator.next()
      if (done) return
      await work(value)
    }
  }
  const guarded = () =>
    worker().catch((error) => {
      failed = true
      throw error
    })
  const ends = await Promise.allSettled(Array.from({ length: size }, guarded))
  const failure = ends.find((end) => end.status === 'rejected')
  if (failure) throw failure.reason
}
