import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ClosedError, OverloadedError } from '../../src/core/errors.js'
import type { Line } from '../../src/router/line.js'
import { type Rester, WaitingRoom } from '../../src/router/waiting-room.js'

let orders = 0

/** Writes down what happens to it. */
class Guest implements Rester {
  time = 0
  heapIndex = -1
  settled = false
  bytes = 1
  readonly slot = 0
  readonly order: number
  readonly deadline: number
  readonly #name: string
  readonly #diary: string[]

  constructor(name: string, diary: string[], deadline = Number.POSITIVE_INFINITY, order = orders++) {
    this.#name = name
    this.#diary = diary
    this.deadline = deadline
    this.order = order
  }
  at(time: number): this {
    this.time = time
    return this
  }
  of(bytes: number): this {
    this.bytes = bytes
    return this
  }
  wake(): void {
    this.#diary.push(`${this.#name} wakes`)
  }
  expire(): void {
    this.settled = true
    this.#diary.push(`${this.#name} expires`)
  }
  reject(error: Error): void {
    this.settled = true
    this.#diary.push(`${this.#name} hears ${error.name}`)
  }
}

describe('WaitingRoom', () => {
  let diary: string[]
  let room: WaitingRoom
  let line: Line
  const guest = (name: string, deadline?: number, order?: number): Guest =>
    new Guest(name, diary, deadline, order)
  const open = (maxWaiting: number, maxWaitingBytes = 1000): void => {
    room = new WaitingRoom({ maxWaiting, maxWaitingBytes })
    line = room.hold(undefined, 'no owner')
  }

  beforeEach(() => {
    vi.useFakeTimers()
    diary = []
    open(10)
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('those in a line go in the order they were asked, whenever they came to it', () => {
    room.join(line, guest('b', undefined, 1001))
    room.join(line, guest('d', undefined, 1003))
    room.join(line, guest('c', undefined, 1002))
    room.join(line, guest('a', undefined, 1000))
    expect(line.size).toBe(4)
    room.release(line)
    expect(diary).toEqual(['a wakes', 'b wakes', 'c wakes', 'd wakes'])
    expect(room.size).toBe(0)
    expect(room.bytes).toBe(0)
    expect(room.anyHeld).toBe(false)
  })

  test('whoever has to wait again while a line is released stands in a new one', () => {
    const again = guest('a')
    again.wake = () => void room.join(room.hold(undefined, 'no owner'), again)
    room.join(line, again)
    room.join(line, guest('b'))
    room.release(line)
    expect(room.size).toBe(1)
    expect(room.lineOf(undefined)?.size).toBe(1)
    expect(diary).toEqual(['b wakes'])
  })

  test('some may leave a line, and the rest keep their order', () => {
    const guests = ['a', 'b', 'c', 'd', 'e'].map(name => guest(name))
    for (const each of guests) room.join(line, each)
    expect(room.next(line)).toBe(guests[0])
    expect(line.take(waiter => waiter === guests[2] || waiter === guests[4])).toEqual([guests[2], guests[4]])
    expect(line.waiters).toEqual([guests[1], guests[3]])
    room.join(line, guest('first', undefined, -1))
    expect(line.waiters.map(({ order }) => order)).toEqual([-1, guests[1]?.order, guests[3]?.order])
  })

  test('the next of a line is the first who still wants an answer', () => {
    const gone = guest('gone')
    const here = guest('here')
    room.join(line, gone)
    room.join(line, here)
    gone.settled = true
    expect(room.next(line)).toBe(here)
    expect(room.next(line)).toBeUndefined()
    expect(room.size).toBe(0)
  })

  test('those who rest wake when their time has come, the earliest first', async () => {
    const now = performance.now()
    room.rest(guest('late').at(now + 50))
    room.rest(guest('early').at(now + 10))
    room.rest(guest('between').at(now + 20))
    await vi.advanceTimersByTimeAsync(20)
    expect(diary).toEqual(['early wakes', 'between wakes'])
    await vi.advanceTimersByTimeAsync(30)
    expect(diary).toEqual(['early wakes', 'between wakes', 'late wakes'])
    expect(vi.getTimerCount()).toBe(0)
    expect(room.size).toBe(0)
  })

  test('a rest longer than the deadline ends with it', async () => {
    const now = performance.now()
    room.rest(guest('a', now + 30).at(now + 500))
    await vi.advanceTimersByTimeAsync(30)
    expect(diary).toEqual(['a expires'])
  })

  test('a sweep ends the wait of those whose deadline has passed, and forgets those who left', () => {
    const now = performance.now()
    const gone = guest('gone')
    room.join(line, guest('late', now + 1))
    room.join(line, gone)
    room.join(line, guest('patient'))
    gone.settled = true
    room.sweep(now + 1)
    expect(diary).toEqual(['late expires'])
    expect(room.size).toBe(1)
    expect(line.size).toBe(1)
  })

  test('those who left are not woken', async () => {
    const waiting = guest('waiting')
    const resting = guest('resting').at(performance.now() + 5)
    room.join(line, waiting)
    room.rest(resting)
    waiting.settled = true
    resting.settled = true
    room.release(line)
    await vi.advanceTimersByTimeAsync(10)
    expect(diary).toEqual([])
    expect(room.size).toBe(0)
  })

  test('it takes so many, in lines and resting together, and refuses the next with the name of the option', () => {
    open(2)
    expect(room.join(line, guest('a'))).toBe(true)
    expect(room.rest(guest('b').at(performance.now() + 5))).toBe(true)
    expect(room.join(line, guest('c'))).toBe(false)
    expect(room.rest(guest('d').at(performance.now() + 5))).toBe(false)
    const cause = new Error('why')
    expect(room.full(line, cause)).toBeInstanceOf(OverloadedError)
    expect(room.full(line, cause)).toMatchObject({ limit: 'router.maxWaiting', retryable: true, cause })
    expect(room.full(line, cause).message).toMatch(
      /^2 commands \(2 bytes\) wait already, 1 of them for an owner of their slot, for \d+ ms now; the ceiling is 2$/,
    )
    expect(room.size).toBe(2)
    room.rejectAll(() => new ClosedError('the client'))
  })

  test('it takes so many bytes; one that is larger than all may wait alone', () => {
    open(10, 100)
    expect(room.join(line, guest('large').of(1000))).toBe(true)
    expect(room.join(line, guest('b'))).toBe(false)
    expect(room.full(line, undefined)).toMatchObject({ limit: 'router.maxWaitingBytes' })
    room.next(line)
    expect(room.bytes).toBe(0)
    expect(room.join(line, guest('c').of(60))).toBe(true)
    expect(room.join(line, guest('d').of(41))).toBe(false)
    expect(room.join(line, guest('e').of(40))).toBe(true)
    expect(room.bytes).toBe(100)
  })

  test('rejectLine ends the wait of that line only', async () => {
    room.join(line, guest('waiting'))
    room.rest(guest('resting').at(performance.now() + 5))
    room.rejectLine(line, () => new ClosedError('the client'))
    expect(diary).toEqual(['waiting hears ClosedError'])
    await vi.advanceTimersByTimeAsync(5)
    expect(diary).toEqual(['waiting hears ClosedError', 'resting wakes'])
  })

  test('rejectAll ends every wait, each with an error of its own, and leaves no timer', () => {
    const errors: Error[] = []
    room.join(line, guest('waiting'))
    room.rest(guest('resting').at(performance.now() + 5))
    room.rejectAll(() => {
      const error = new ClosedError('the client')
      errors.push(error)
      return error
    })
    expect(diary).toEqual(['waiting hears ClosedError', 'resting hears ClosedError'])
    expect(new Set(errors).size).toBe(2)
    expect(room.size).toBe(0)
    expect(room.anyHeld).toBe(false)
    expect(vi.getTimerCount()).toBe(0)
  })
})
