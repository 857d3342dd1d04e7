import { afterEach, describe, expect, test } from 'vitest'
import { channels } from '../../src/core/diagnostics.js'
import { Emitter } from '../../src/core/events.js'
import { turns } from '../support/wait.js'

interface Events {
  error: [Error]
  news: [string, number]
}

describe('Emitter', () => {
  const reported: unknown[] = []
  const report = (message: unknown): void => void reported.push(message)
  afterEach(() => {
    channels.error.unsubscribe(report)
    reported.length = 0
  })

  test('gives each listener the arguments, in the order they came', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    emitter.on('news', (word, n) => heard.push(`a ${word} ${n}`))
    emitter.on('news', (word, n) => heard.push(`b ${word} ${n}`))
    emitter.emit('news', 'x', 1)
    expect(heard).toEqual(['a x 1', 'b x 1'])
  })

  test('an error without a listener does nothing', () => {
    expect(() => new Emitter<Events>().emit('error', new Error('x'))).not.toThrow()
  })

  test('a listener that throws harms neither the emitter nor the rest, and is reported', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    const thrown = new Error('from a listener')
    channels.error.subscribe(report)
    emitter.on('news', () => {
      throw thrown
    })
    emitter.once('news', () => {
      throw thrown
    })
    emitter.on('news', word => heard.push(word))
    emitter.emit('news', 'x', 1)
    emitter.emit('news', 'y', 2)
    expect(heard).toEqual(['x', 'y'])
    expect(reported).toEqual([{ error: thrown }, { error: thrown }, { error: thrown }])
  })

  test('a listener whose promise rejects harms nobody, and is reported', async () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    const thrown = new Error('from an async listener')
    const listen = async (): Promise<void> => {
      await undefined
      throw thrown
    }
    process.on('unhandledRejection', note)
    channels.error.subscribe(report)
    try {
      emitter.on('news', listen)
      emitter.once('news', listen)
      emitter.on('news', word => heard.push(word))
      emitter.emit('news', 'x', 1)
      expect(heard).toEqual(['x'])
      await turns()
      expect(reported).toEqual([{ error: thrown }, { error: thrown }])
      expect(unhandled).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
    }
  })

  test('once hears one, also when it is emitted again from within', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    emitter.once('news', word => {
      heard.push(word)
      emitter.emit('news', 'again', 2)
    })
    emitter.on('news', word => heard.push(`on ${word}`))
    emitter.emit('news', 'x', 1)
    emitter.emit('news', 'y', 2)
    expect(heard).toEqual(['x', 'on again', 'on x', 'on y'])
  })

  test('off takes a listener away, also one that waits for one only', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    const listener = (word: string): void => void heard.push(word)
    emitter.on('news', listener)
    emitter.once('news', listener)
    emitter.off('news', listener)
    expect(emitter.listenerCount('news')).toBe(0)
    emitter.emit('news', 'x', 1)
    expect(heard).toEqual([])
  })

  test('a listener may leave, and others may come, while an event is told', () => {
    const emitter = new Emitter<Events>()
    const heard: string[] = []
    const second = (): void => void heard.push('second')
    emitter.on('news', () => {
      heard.push('first')
      emitter.off('news', second)
      emitter.on('news', () => heard.push('third'))
    })
    emitter.on('news', second)
    emitter.emit('news', 'x', 1)
    expect(heard[0]).toBe('first')
    expect(heard).not.toContain('third')
    emitter.removeAllListeners()
    expect(emitter.listenerCount('news')).toBe(0)
  })
})
