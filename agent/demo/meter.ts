/** Counts what the demo shows. */
import type { ClassifyResult } from '../../contract/messages.js'
import type { Agent } from '../agent.js'
import type { Committed } from '../pipeline.js'

const SHOWN_SHARES = 4

export class Meter {
  frames = 0
  private bits = 0
  private shownFrames = 0
  private shownAt = performance.now()
  private firstMs = 0
  private lastMs = 0
  private latest: Committed | undefined

  add(result: Committed): void {
    const now = performance.now()
    // The first frame's own time counts, so that one frame has a rate too.
    if (this.frames === 0) this.firstMs = now - Object.values(result.ms).reduce((a: number, b) => a + (b ?? 0), 0)
    this.lastMs = now
    this.frames++
    this.bits += result.bpp
    this.latest = result
  }

  /** One second in one line. @param goingOn labels of the events that go on */
  line(agent: Agent, goingOn: readonly string[]): string {
    const now = performance.now()
    const fps = ((this.frames - this.shownFrames) * 1000) / (now - this.shownAt)
    this.shownFrames = this.frames
    this.shownAt = now
    const latest = this.latest
    if (!latest)
      return `waiting for the first frame · ${agent.cameras.map((c) => `${c.config.id}: ${c.state.state} ${c.state.reason}`).join(' · ')}`
    const shares = [...(latest.record.seg?.classes ?? [])]
      .filter((s) => s.frac >= 0.005)
      .sort((a, b) => b.frac - a.frac)
      .slice(0, SHOWN_SHARES)
    const { frames, bytes, outboxRows } = agent.archive.stats
    return [
      `${fps.toFixed(1).padStart(5)} frames/s`,
      `${latest.bpp.toFixed(3)} bpp`,
      classes(latest.record.cls, goingOn).padEnd(26),
      shares
        .map((s) => `${s.label} ${percent(s.frac)}`)
        .join(' ')
        .padEnd(44),
      `archive ${frames} frames ${(bytes / 1e6).toFixed(1)} MB`,
      `outbox ${outboxRows}`,
    ].join(' · ')
  }

  summary(agent: Agent) {
    const seconds = Math.max(0.001, (this.lastMs - this.firstMs) / 1000)
    return {
      frames: this.frames,
      fps: Number((this.frames / seconds).toFixed(2)),
      bpp_mean: Number((this.bits / Math.max(1, this.frames)).toFixed(4)),
      ms: agent.stages.medians(),
      published: agent.publisher.counters.published,
      acked: agent.publisher.counters.acked,
      dead_letters: agent.publisher.counters.deadLetters,
      archived: agent.archive.counters.archived,
      dropped: agent.cameras.reduce((n, c) => n + c.dropped, 0),
      providers: agent.providers,
      peak_rss_mb: Math.round(process.resourceUsage().maxRSS / 1000),
    }
  }
}

/**
 * Tags stand each for itself: those that are there. Of classes one is the answer. An event goes on while a tag flickers below its threshold, and until it
 * has not been seen for a while.
 */
function classes(cls: ClassifyResult['cls'] = [], goingOn: readonly string[]): string {
  const tags = cls.some(({ there }) => there !== undefined)
  const shown = tags ? cls.filter(({ there }) => there) : cls.slice(0, 1)
  const words =
    shown.length > 0 ? shown.map(({ label, p }) => `${label} ${percent(p)}`) : goingOn.map((label) => `(${label})`)
  return words.join(' ') || (tags ? 'nothing' : '-')
}

const percent = (share: number) => `${Math.round(share * 100)}%`
