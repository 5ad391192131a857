//! What work gave so far, found by what was asked for.

use ndarray::Array3;
use std::any::Any;
use std::collections::HashMap;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Instant;

/// What a piece of work gives, named by everything that it depends on.
pub trait Query: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    type Output: Send + Sync + 'static;

    /// Memory that an output holds, about, in bytes.
    fn bytes(output: &Self::Output) -> usize {
        let _ = output;
        256
    }

    /// What an output that comes after its cancel leaves to show.
    fn partial(output: &Self::Output) -> Option<Partial> {
        let _ = output;
        None
    }
}

/// A query of any kind.
#[derive(Clone, Debug)]
pub struct Key(Arc<dyn AnyQuery>);

impl Key {
    pub fn of(query: impl Query) -> Self {
        Self(Arc::new(query))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&*other.0)
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.feed(state);
    }
}

trait AnyQuery: Any + Debug + Send + Sync {
    fn is(&self, other: &dyn AnyQuery) -> bool;
    fn feed(&self, hasher: &mut dyn Hasher);
}

impl<Q: Query> AnyQuery for Q {
    fn is(&self, other: &dyn AnyQuery) -> bool {
        (other as &dyn Any).downcast_ref::<Q>().is_some_and(|other| self == other)
    }

    fn feed(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }
}

/// How far a piece of work is.
pub enum State<T: ?Sized> {
    Running(Running),
    /// Cancelled by the person, with what there was.
    Stopped(Option<Partial>),
    Failed(String),
    Done(Arc<T>),
}

impl<T: ?Sized> Clone for State<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Running(running) => Self::Running(running.clone()),
            Self::Stopped(partial) => Self::Stopped(partial.clone()),
            Self::Failed(why) => Self::Failed(why.clone()),
            Self::Done(output) => Self::Done(output.clone()),
        }
    }
}

/// The state of work of any kind.
pub type AnyState = State<dyn Any + Send + Sync>;

impl AnyState {
    /// Stopped or failed: ended without what was asked for.
    pub fn is_unfinished(&self) -> bool {
        matches!(self, State::Stopped(_) | State::Failed(_))
    }

    pub fn typed<T: Send + Sync + 'static>(&self) -> Option<State<T>> {
        Some(match self {
            State::Running(running) => State::Running(running.clone()),
            State::Stopped(partial) => State::Stopped(partial.clone()),
            State::Failed(why) => State::Failed(why.clone()),
            State::Done(output) => State::Done(output.clone().downcast().ok()?),
        })
    }
}

/// A map that was not finished.
#[derive(Clone)]
pub struct Partial {
    pub map: Arc<Array3<f32>>,
    /// Samples done and in all.
    pub samples: Option<(usize, usize)>,
}

/// Work that runs.
#[derive(Clone)]
pub struct Running {
    pub done: usize,
    pub total: usize,
    pub started: Instant,
    pub partial: Option<Arc<Array3<f32>>>,
    /// How near the map is to its limit: what is measured, and its value.
    pub readout: Option<(&'static str, f64)>,
}

impl Running {
    pub(super) fn begun() -> Self {
        Self { done: 0, total: 1, started: Instant::now(), partial: None, readout: None }
    }

    /// Estimated seconds to the end.
    pub fn remaining(&self) -> Option<f64> {
        let elapsed = self.started.elapsed().as_secs_f64();
        (self.done > 0).then(|| elapsed / self.done as f64 * (self.total - self.done) as f64)
    }
}

/// A state, and the memory that it holds, about, in bytes.
#[derive(Clone)]
pub(super) struct Stored {
    pub state: AnyState,
    pub bytes: usize,
}

/// The states of all work that was begun and not forgotten.
#[derive(Clone, Default)]
pub struct Results(pub(super) HashMap<Key, Stored>);

impl Results {
    /// The state of a piece of work, if it was begun.
    pub fn get<Q: Query>(&self, query: &Q) -> Option<State<Q::Output>> {
        self.0.get(&Key::of(query.clone()))?.state.typed()
    }

    /// What a piece of work gave, if it is done.
    pub fn done<Q: Query>(&self, query: &Q) -> Option<Arc<Q::Output>> {
        match self.get(query)? {
            State::Done(output) => Some(output),
            _ => None,
        }
    }

    pub(super) fn state(&self, key: &Key) -> Option<&AnyState> {
        self.0.get(key).map(|stored| &stored.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct Number(u64);

    #[derive(Debug, Clone, PartialEq, Eq, Hash)]
    struct Text(u64);

    impl Query for Number {
        type Output = u64;
    }

    impl Query for Text {
        type Output = String;
    }

    #[test]
    fn queries_of_different_kinds_are_never_the_same() {
        let mut results = Results::default();
        let state = State::Done(Arc::new(7u64) as Arc<dyn Any + Send + Sync>);
        results.0.insert(Key::of(Number(1)), Stored { state, bytes: 8 });
        assert_eq!(results.done(&Number(1)).as_deref(), Some(&7));
        assert!(results.get(&Number(2)).is_none() && results.get(&Text(1)).is_none());
    }
}
