use weir_profile::{DeviceId, Pipeline, PipelineName};
use weir_transport::Message;

use super::filter::{Filter, LEVELS_MAX, Levels};
use crate::{Reason, RejectCode, topics};

/// Which pipelines take a message. Built once from the configuration; shared by every thread.
#[derive(Debug)]
pub struct Router {
    routes: Vec<Route>,
    subscriptions: Vec<Subscription>,
    overlaps: Vec<Overlap>,
    own: Filter,
}

#[derive(Debug)]
struct Route {
    pipeline: PipelineName,
    filter: Filter,
    device_segment: usize,
    retained: bool,
}

/// A filter to subscribe. None of them takes all that another takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The MQTT filter.
    pub filter: String,
    /// Whether some pipeline behind it wants retained messages replayed.
    pub retained: bool,
}

/// Two subscriptions of which neither takes all that the other takes, but both take some topics. A broker may
/// deliver a message to such a topic once or twice (MQTT 5, 3.3.4), and twice means two results.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "pipelines {} and {}: {} and {} overlap, so a message that both take may be delivered and counted twice; \
     write them so that they share no topic or one takes all that the other takes",
    pipelines.0, pipelines.1, filters.0, filters.1
)]
pub struct Overlap {
    /// A pipeline of each.
    pub pipelines: (PipelineName, PipelineName),
    /// The filters.
    pub filters: (String, String),
}

/// A pipeline that takes a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed {
    /// Its place in the list that the router was made from.
    pub pipeline: usize,
    /// The device that the topic names, else why the message is a reject of this pipeline.
    pub device: Result<DeviceId, Reason>,
}

/// Why no router can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RouterError {
    /// Not an MQTT filter, or too deep.
    #[error(
        "pipeline.{pipeline}.topic: {filter:?} is no MQTT topic filter of at most {LEVELS_MAX} levels"
    )]
    Filter {
        /// The pipeline.
        pipeline: PipelineName,
        /// The filter.
        filter: String,
    },
    /// The filter takes Weir's own topics: results would become payloads, endlessly.
    #[error(
        "pipeline.{pipeline}.topic: {filter} also takes {own}, where Weir publishes; narrow it or change node.root"
    )]
    OwnTopics {
        /// The pipeline.
        pipeline: PipelineName,
        /// The filter.
        filter: String,
        /// What it would take.
        own: String,
    },
    /// The root is no topic.
    #[error("node.root: {root:?} cannot be the root of topics")]
    Root {
        /// The root.
        root: String,
    },
}

impl Router {
    /// Reads the pipelines' filters. `root` is the root of Weir's own topics.
    ///
    /// # Errors
    /// Fails where a filter is none, or takes Weir's own topics.
    pub fn new(pipelines: &[Pipeline], root: &str) -> Result<Self, RouterError> {
        let own = Filter::parse(&format!("{root}/#"))
            .filter(|_| !root.is_empty() && !root.contains(['+', '#']))
            .ok_or_else(|| RouterError::Root {
                root: root.to_owned(),
            })?;
        let mut routes = Vec::with_capacity(pipelines.len());
        for pipeline in pipelines {
            routes.push(Route::new(pipeline, root)?);
        }
        let chosen = covering(&routes);
        let subscriptions = chosen
            .iter()
            .map(|index| Subscription {
                filter: pipelines[*index].topic.filter.clone(),
                retained: routes
                    .iter()
                    .any(|route| route.retained && routes[*index].filter.covers(&route.filter)),
            })
            .collect();
        let overlaps = overlaps(pipelines, &routes, &chosen);
        Ok(Self {
            routes,
            subscriptions,
            overlaps,
            own,
        })
    }

    /// What to subscribe: every message that some pipeline takes comes through one of these.
    #[must_use]
    pub fn subscriptions(&self) -> &[Subscription] {
        &self.subscriptions
    }

    /// Pairs of subscriptions that may deliver one message twice: to be shown to the operator.
    #[must_use]
    pub fn overlaps(&self) -> &[Overlap] {
        &self.overlaps
    }

    /// The pipelines that take a message, in the order of the configuration. One that does not want retained
    /// messages does not take them: they are neither accepted nor counted.
    pub fn route<'m>(&self, message: &'m Message) -> impl Iterator<Item = Routed> + use<'_, 'm> {
        let levels = Levels::of(&message.topic);
        let taken = move |route: &Route| {
            (route.retained || !message.retained) && route.filter.matches(&levels)
        };
        self.routes
            .iter()
            .enumerate()
            .filter(move |(_, route)| taken(route))
            .map(|(pipeline, route)| Routed {
                pipeline,
                device: device(&message.topic, route.device_segment),
            })
    }

    /// Whether a message published to this topic would come back: it is Weir's own or a pipeline takes it.
    #[must_use]
    pub fn takes(&self, topic: &str) -> bool {
        let levels = Levels::of(topic);
        self.own.matches(&levels)
            || self
                .routes
                .iter()
                .any(|route| route.filter.matches(&levels))
    }
}

impl Route {
    fn new(pipeline: &Pipeline, root: &str) -> Result<Self, RouterError> {
        let name = pipeline.name.clone();
        let text = &pipeline.topic.filter;
        let Some(filter) = Filter::parse(text) else {
            return Err(RouterError::Filter {
                pipeline: name,
                filter: text.clone(),
            });
        };
        let met = |own: &String| Filter::parse(own).is_some_and(|own| own.meets(&filter));
        if let Some(own) = topics::own_filters(root).into_iter().find(met) {
            return Err(RouterError::OwnTopics {
                pipeline: name,
                filter: text.clone(),
                own,
            });
        }
        Ok(Self {
            pipeline: name,
            filter,
            device_segment: pipeline.topic.device_segment,
            retained: pipeline.retained,
        })
    }
}

fn device(topic: &str, segment: usize) -> Result<DeviceId, Reason> {
    let name = topic.split('/').nth(segment);
    let missing = || {
        Reason::new(
            RejectCode::TopicDeviceMissing,
            format!("the topic has no level {} that names a device", segment + 1),
        )
    };
    let refused = |error: weir_profile::NameError| {
        Reason::new(RejectCode::TopicDeviceMissing, error.to_string())
    };
    name.ok_or_else(missing)?.parse().map_err(refused)
}

/// The indices of filters that together take all, none of them covered by another.
fn covering(routes: &[Route]) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        let covers = |a: &Filter, b: &Filter| a.covers(b);
        if chosen
            .iter()
            .any(|other| covers(&routes[*other].filter, &route.filter))
        {
            continue;
        }
        chosen.retain(|other| !covers(&route.filter, &routes[*other].filter));
        chosen.push(index);
    }
    chosen
}

fn overlaps(pipelines: &[Pipeline], routes: &[Route], chosen: &[usize]) -> Vec<Overlap> {
    let mut overlaps = Vec::new();
    for (place, first) in chosen.iter().copied().enumerate() {
        for second in chosen[place + 1..].iter().copied() {
            if routes[first].filter.meets(&routes[second].filter) {
                let name = |index: usize| routes[index].pipeline.clone();
                let filter = |index: usize| pipelines[index].topic.filter.clone();
                overlaps.push(Overlap {
                    pipelines: (name(first), name(second)),
                    filters: (filter(first), filter(second)),
                });
            }
        }
    }
    overlaps
}

#[cfg(test)]
mod tests;
