/** What symbols cost, by channel: with the bundle's tables and with the best table for just these symbols. */
export interface ChannelEntropy {
  /** Bits per symbol with the tables: what a static coder pays. */
  readonly coded: number
  /** Order-0 entropy of the symbols themselves, bits per symbol: what it would pay with tables made for this frame. */
  readonly own: number
}

/**
 * @param symbols [C, h, w], channel after channel
 * @param freqs [C][levels], each row summing to 2^scaleBits
 */
export function channelEntropies(
  symbols: Uint8Array,
  freqs: readonly (readonly number[])[],
  scaleBits: number,
): ChannelEntropy[] {
  const plane = symbols.length / freqs.length
  return freqs.map((row, channel) => {
    const counts = new Float64Array(row.length)
    for (const symbol of symbols.subarray(channel * plane, (channel + 1) * plane)) counts[symbol]++
    let coded = 0
    let own = 0
    counts.forEach((count, symbol) => {
      if (count === 0) return
      const share = count / plane
      coded += share * (scaleBits - Math.log2(row[symbol]))
      own -= share * Math.log2(share)
    })
    return { coded, own }
  })
}
