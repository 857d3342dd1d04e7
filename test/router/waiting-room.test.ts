import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ClosedError, OverloadedError } from '../../src/core/errors.js'
import { type Waiter, WaitingRoom } from '../../src/router/waiting-room.js'

/** Writes down what happens to it. */
class Guest implements Waiter {
  time = 0
  heapIndex = -1
  settled = false
  readonly deadline: number
  readonly #name: string
  readonly #diary: string[]

  constructor(name: string, diary: string[], deadline = Number.POSITIVE_INFINITY) {
    this.#name = name
    this.#diary = diary
    this.deadline = deadline
  }
  at(time: number): this {
    this.time = time
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
  const guest = (name: string, deadline?: number): Guest => new Guest(name, diary, deadline)

  beforeEach(() => {
    vi.useFakeTimers()
    diary = []
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('those who wait for a topology go in the order they came', () => {
    const room = new WaitingRoom(10)
    for (const name of ['a', 'b', 'c']) expect(room.park(guest(name))).toBe(true)
    expect(room.parked).toBe(3)
    room.release()
    expect(diary).toEqual(['a wakes', 'b wakes', 'c wakes'])
    expect(room.size).toBe(0)
  })

  test('whoever parks again while the room is emptied stays for the next time', () => {
    const room = new WaitingRoom(10)
    const again = guest('a')
    again.wake = () => void room.park(again)
    room.park(again)
    room.park(guest('b'))
    room.release()
    expect(room.parked).toBe(1)
    expect(diary).toEqual(['b wakes'])
  })

  test('those who rest wake when their time has come, the earliest first', async () => {
    const room = new WaitingRoom(10)
    const now = performance.now()
    room.rest(guest('late').at(now + 50))
    room.rest(guest('early').at(now + 10))
    room.rest(guest('between').at(now + 20))
    await vi.advanceTimersByTimeAsync(20)
    expect(diary).toEqual(['early wakes', 'between wakes'])
    await vi.advanceTimersByTimeAsync(30)
    expect(diary).toEqual(['early wakes', 'between wakes', 'late wakes'])
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a rest longer than the deadline ends with it', async () => {
    const room = new WaitingRoom(10)
    const now = performance.now()
    room.rest(guest('a', now + 30).at(now + 500))
    await vi.advanceTimersByTimeAsync(30)
    expect(diary).toEqual(['a expires'])
  })

  test('a sweep ends the wait of those whose deadline has passed, and forgets those who left', () => {
    const room = new WaitingRoom(10)
    const now = performance.now()
    const gone = guest('gone')
    room.park(guest('late', now + 1))
    room.park(gone)
    room.park(guest('patient'))
    gone.settled = true
    room.sweep(now + 1)
    expect(diary).toEqual(['late expires'])
    expect(room.parked).toBe(1)
  })

  test('those who left are not woken', async () => {
    const room = new WaitingRoom(10)
    const parked = guest('parked')
    const resting = guest('resting').at(performance.now() + 5)
    room.park(parked)
    room.rest(resting)
    parked.settled = true
    resting.settled = true
    room.release()
    await vi.advanceTimersByTimeAsync(10)
    expect(diary).toEqual([])
    expect(room.size).toBe(0)
  })

  test('it takes so many, parked and resting together, and refuses the next with the name of the option', () => {
    const room = new WaitingRoom(2)
    expect(room.park(guest('a'))).toBe(true)
    expect(room.rest(guest('b').at(performance.now() + 5))).toBe(true)
    expect(room.park(guest('c'))).toBe(false)
    expect(room.rest(guest('d').at(performance.now() + 5))).toBe(false)
    const cause = new Error('why')
    expect(room.full(cause)).toBeInstanceOf(OverloadedError)
    expect(room.full(cause)).toMatchObject({ limit: 'router.maxWaiting', retryable: true, cause })
    expect(room.size).toBe(2)
    room.rejectAll(() => new ClosedError('the client'))
  })

  test('rejectParked ends the wait for a topology only', async () => {
    const room = new WaitingRoom(10)
    room.park(guest('parked'))
    room.rest(guest('resting').at(performance.now() + 5))
    room.rejectParked(() => new ClosedError('the client'))
    expect(diary).toEqual(['parked hears ClosedError'])
    await vi.advanceTimersByTimeAsync(5)
    expect(diary).toEqual(['parked hears ClosedError', 'resting wakes'])
  })

  test('rejectAll ends every wait, each with an error of its own, and leaves no timer', () => {
    const room = new WaitingRoom(10)
    const errors: Error[] = []
    room.park(guest('parked'))
    room.rest(guest('resting').at(performance.now() + 5))
    room.rejectAll(() => {
      const error = new ClosedError('the client')
      errors.push(error)
      return error
    })
    expect(diary).toEqual(['parked hears ClosedError', 'resting hears ClosedError'])
    expect(new Set(errors).size).toBe(2)
    expect(room.size).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })
})
