/**
 * What one process of a server asks another. The types of question and answer belong to the topic; both are plain data,
 * because they may travel between processes.
 */
export interface Topic<Question, Answer> {
  readonly name: string;
  /** Never set: only for the types. */
  readonly types?: (question: Question) => Answer;
}

export function topic<Question, Answer>(name: string): Topic<Question, Answer> {
  return { name };
}

export type Answerer<Question, Answer> = (question: Question) => Answer | Promise<Answer>;

/** The end of the bus in a process that answers requests: asks the one process that coordinates them all. */
export interface Member {
  ask<Question, Answer>(topic: Topic<Question, Answer>, question: Question): Promise<Answer>;
  /** Answers what the coordinator asks from now on. */
  answer<Question, Answer>(topic: Topic<Question, Answer>, answerer: Answerer<Question, Answer>): void;
}

/** The end of the bus in the coordinating process. */
export interface Coordinator {
  /** Answers what any member asks from now on. */
  answer<Question, Answer>(topic: Topic<Question, Answer>, answerer: Answerer<Question, Answer>): void;
  /**
   * Asks every member at once; the answers are in no particular order. A member that ends meanwhile is left out.
   * @throws what the first member that failed threw, after all have answered.
   */
  askAll<Question, Answer>(topic: Topic<Question, Answer>, question: Question): Promise<Answer[]>;
}

/** Answers by topic. */
export class Answerers {
  private readonly byTopic = new Map<string, Answerer<unknown, unknown>>();

  set<Question, Answer>({ name }: Topic<Question, Answer>, answerer: Answerer<Question, Answer>): void {
    this.byTopic.set(name, answerer as Answerer<unknown, unknown>);
  }

  async answer(name: string, question: unknown): Promise<unknown> {
    const answerer = this.byTopic.get(name);
    if (answerer === undefined) throw new Error(`Nobody answers questions about ${name}.`);
    return await answerer(question);
  }
}

/** Both ends of the bus where one process does everything. */
export class LocalBus {
  private readonly coordinating = new Answerers();
  private readonly answering = new Answerers();

  readonly coordinator: Coordinator = {
    answer: (about, answerer) => this.coordinating.set(about, answerer),
    askAll: async <Question, Answer>({ name }: Topic<Question, Answer>, question: Question) => [
      (await this.answering.answer(name, question)) as Answer,
    ],
  };

  readonly member: Member = {
    answer: (about, answerer) => this.answering.set(about, answerer),
    ask: async <Question, Answer>({ name }: Topic<Question, Answer>, question: Question) =>
      (await this.coordinating.answer(name, question)) as Answer,
  };
}
